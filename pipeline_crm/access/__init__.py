"""Who may: the one choke point through which every row reaches a person.

Looks down on tiers and users. Models say which rows are whose (`rows_of`), `policy` says who reads them. Lists, boards, counts,
look-ups by id, search and imports all go through `visible` and `reach`; every view declares its door with `may`.
Who must prove themselves twice is decided here too, for it hangs on what they steer; so are the pages of coming in.
"""
