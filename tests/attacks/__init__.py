"""What somebody who means no good would send: data files of payloads, driven through every form and address there is.

Short in the default suite: every form meets a part of the payloads. In the long form, by `make leaks`, all of them field by field.
"""
