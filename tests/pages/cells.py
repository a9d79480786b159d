"""Who may do what with a record at each state: every cell of `test_acts.py`, written out.

303 done · 404 not theirs to know of · 409 somebody was first · 422 refused with a sentence. Rows are acts, columns are
people. Those of other desks stand in the first table of each stage; that the other states are as hidden from them,
`test_records.py` and the tables of access promise.
"""

LEADS = {
    "new": """
                     sam    sue   lena   olga    hal   stan   root
    claim            409    404    409    409    404    404    404
    release          303    404    303    303    404    404    404
    move             303    404    303    303    404    404    404
    touch            303    404    303    303    404    404    404
    note             303    404    303    303    404    404    404
    consent          303    404    303    303    404    404    404
    task             303    404    303    303    404    404    404
    reveal           303    404    303    303    404    404    404
    dial             422    404    422    422    404    404    404
    reassign         422    404    303    303    404    404    404
    edit             303    404    303    303    404    404    404
    park             303    404    303    303    404    404    404
    contact          422    404    422    422    404    404    404
    disqualify       303    404    303    303    404    404    404
    reopen           422    404    422    422    404    404    404
    task-done        303    404    303    303    404    404    404
    offer            422    404    422    422    404    404    404
    """,
    "contacted": """
                     sam    sue   lena   olga
    claim            409    404    409    409
    release          303    404    303    303
    move             303    404    303    303
    touch            303    404    303    303
    note             303    404    303    303
    consent          303    404    303    303
    task             303    404    303    303
    reveal           303    404    303    303
    dial             422    404    422    422
    reassign         422    404    303    303
    edit             303    404    303    303
    park             303    404    303    303
    contact          422    404    422    422
    disqualify       303    404    303    303
    reopen           422    404    422    422
    task-done        303    404    303    303
    offer            303    404    303    303
    """,
    "parked": """
                     sam    sue   lena   olga
    claim            409    404    409    409
    release          303    404    303    303
    move             303    404    303    303
    touch            303    404    303    303
    note             303    404    303    303
    consent          303    404    303    303
    task             303    404    303    303
    reveal           303    404    303    303
    dial             422    404    422    422
    reassign         422    404    303    303
    edit             303    404    303    303
    park             422    404    422    422
    contact          303    404    303    303
    disqualify       303    404    303    303
    reopen           422    404    422    422
    task-done        303    404    303    303
    offer            422    404    422    422
    """,
    "qualified": """
                     sam    sue   lena   olga
    claim            404    404    409    409
    release          404    404    422    422
    move             404    404    422    422
    touch            404    404    422    422
    note             404    404    303    303
    consent          404    404    303    303
    task             404    404    422    422
    reveal           404    404    303    303
    dial             404    404    422    422
    reassign         404    404    422    422
    edit             404    404    422    422
    park             404    404    422    422
    contact          404    404    422    422
    disqualify       404    404    422    422
    reopen           404    404    422    422
    task-done        404    404    303    303
    offer            404    404    422    422
    """,
    "disqualified": """
                     sam    sue   lena   olga
    claim            409    404    409    409
    release          422    404    422    422
    move             422    404    422    422
    touch            422    404    422    422
    note             303    404    303    303
    consent          303    404    303    303
    task             422    404    422    422
    reveal           303    404    303    303
    dial             422    404    422    422
    reassign         422    404    422    422
    edit             422    404    422    422
    park             422    404    422    422
    contact          422    404    422    422
    disqualify       422    404    422    422
    reopen           422    404    303    303
    task-done        303    404    303    303
    offer            422    404    422    422
    """,
    "pooled": """
                     sam    sue   lena   olga
    claim            303    303    422    422
    release          422    422    422    422
    move             422    422    303    303
    touch            422    422    303    303
    note             422    422    303    303
    consent          422    422    303    303
    task             422    422    303    303
    reveal           422    422    303    303
    dial             422    422    422    422
    reassign         422    422    303    303
    edit             422    422    303    303
    park             422    422    303    303
    contact          422    422    422    422
    disqualify       422    422    303    303
    reopen           422    422    422    422
    task-done        422    422    303    303
    offer            422    422    422    422
    """,
}
DEALS = {
    "open": """
                     hal   hana   leda   olga    sam    fay   stan   root
    claim            409    404    409    409    404    404    404    404
    release          303    404    303    303    404    404    404    404
    move             303    404    303    303    404    404    404    404
    touch            303    404    303    303    404    404    404    404
    note             303    404    303    303    404    404    404    404
    consent          303    404    303    303    404    404    404    404
    task             303    404    303    303    404    404    404    404
    reveal           303    404    303    303    404    404    404    404
    dial             422    404    422    422    404    404    404    404
    reassign         422    404    303    303    404    404    404    404
    edit             303    404    303    303    404    404    404    404
    accept           409    404    409    409    404    404    404    404
    mark             303    404    422    422    404    404    404    404
    lose             303    404    303    303    404    404    404    404
    reopen           422    404    422    422    404    404    404    404
    lines            303    404    303    303    404    404    404    404
    return           303    404    303    303    404    404    404    404
    task-done        303    404    303    303    404    404    404    404
    win              303    404    303    303    404    404    404    404
    offer-again      409    404    409    409    404    404    404    404
    """,
    "offered": """
                     hal   hana   leda   olga
    claim            409    404    409    409
    release          422    404    303    303
    move             422    404    303    303
    touch            422    404    303    303
    note             422    404    303    303
    consent          422    404    303    303
    task             422    404    303    303
    reveal           422    404    303    303
    dial             422    404    422    422
    reassign         422    404    303    303
    edit             422    404    303    303
    accept           303    404    422    422
    mark             422    404    422    422
    lose             422    404    422    422
    reopen           422    404    422    422
    lines            422    404    303    303
    return           303    404    303    303
    task-done        422    404    303    303
    win              422    404    422    422
    offer-again      422    404    409    409
    """,
    "pooled": """
                     hal   hana   leda   olga
    claim            303    303    422    422
    release          422    422    422    422
    move             422    422    303    303
    touch            422    422    303    303
    note             422    422    303    303
    consent          422    422    303    303
    task             422    422    303    303
    reveal           422    422    303    303
    dial             422    422    422    422
    reassign         422    422    303    303
    edit             422    422    303    303
    accept           303    303    422    422
    mark             422    422    422    422
    lose             422    422    422    422
    reopen           422    422    422    422
    lines            422    422    303    303
    return           422    422    303    303
    task-done        422    422    303    303
    win              422    422    422    422
    offer-again      422    422    409    409
    """,
    "won": """
                     hal   hana   leda   olga
    claim            404    404    409    409
    release          404    404    422    422
    move             404    404    422    422
    touch            404    404    422    422
    note             404    404    303    303
    consent          404    404    303    303
    task             404    404    422    422
    reveal           404    404    303    303
    dial             404    404    422    422
    reassign         404    404    422    422
    edit             404    404    422    422
    accept           404    404    409    409
    mark             404    404    422    422
    lose             404    404    422    422
    reopen           404    404    422    422
    lines            404    404    422    422
    return           404    404    422    422
    task-done        404    404    303    303
    win              404    404    422    422
    offer-again      404    404    409    409
    """,
    "won-back": """
                     hal   hana   leda   olga
    claim            409    404    409    409
    release          422    404    422    422
    move             422    404    422    422
    touch            422    404    422    422
    note             303    404    303    303
    consent          303    404    303    303
    task             422    404    422    422
    reveal           303    404    303    303
    dial             422    404    422    422
    reassign         422    404    422    422
    edit             422    404    422    422
    accept           409    404    409    409
    mark             303    404    422    422
    lose             422    404    422    422
    reopen           422    404    422    422
    lines            422    404    422    422
    return           422    404    422    422
    task-done        303    404    303    303
    win              422    404    422    422
    offer-again      303    404    303    303
    """,
    "lost": """
                     hal   hana   leda   olga
    claim            409    404    409    409
    release          422    404    422    422
    move             422    404    422    422
    touch            422    404    422    422
    note             303    404    303    303
    consent          303    404    303    303
    task             422    404    422    422
    reveal           303    404    303    303
    dial             422    404    422    422
    reassign         422    404    422    422
    edit             422    404    422    422
    accept           409    404    409    409
    mark             303    404    422    422
    lose             422    404    422    422
    reopen           422    404    303    303
    lines            422    404    422    422
    return           422    404    422    422
    task-done        303    404    303    303
    win              422    404    422    422
    offer-again      409    404    409    409
    """,
    "returned": """
                     hal   hana   leda   olga
    claim            404    404    409    409
    release          404    404    422    422
    move             404    404    422    422
    touch            404    404    422    422
    note             404    404    303    303
    consent          404    404    303    303
    task             404    404    422    422
    reveal           404    404    303    303
    dial             404    404    422    422
    reassign         404    404    422    422
    edit             404    404    422    422
    accept           404    404    409    409
    mark             404    404    422    422
    lose             404    404    422    422
    reopen           404    404    422    422
    lines            404    404    422    422
    return           404    404    422    422
    task-done        404    404    303    303
    win              404    404    422    422
    offer-again      404    404    409    409
    """,
}
ACCOUNTS = {
    "active": """
                     fay   fred   olga    hal    sam   stan   root
    claim            409    404    409    404    404    404    404
    release          303    404    303    404    404    404    404
    move             303    404    303    404    404    404    404
    touch            303    404    303    404    404    404    404
    note             303    404    303    404    404    404    404
    consent          303    404    303    404    404    404    404
    task             303    404    303    404    404    404    404
    reveal           303    404    303    404    404    404    404
    dial             422    404    422    404    404    404    404
    reassign         422    404    303    404    404    404    404
    edit             303    404    303    404    404    404    404
    accept           409    404    409    404    404    404    404
    mark             303    404    422    404    404    404    404
    repeat           303    404    303    404    404    404    404
    doubt            303    404    303    404    404    404    404
    calm             422    404    422    404    404    404    404
    churn            422    404    422    404    404    404    404
    win-back         422    404    422    404    404    404    404
    return           422    404    422    404    404    404    404
    task-done        303    404    303    404    404    404    404
    """,
    "offered": """
                     fay   fred   olga
    claim            409    404    409
    release          422    404    303
    move             422    404    303
    touch            422    404    303
    note             422    404    303
    consent          422    404    303
    task             422    404    303
    reveal           422    404    303
    dial             422    404    422
    reassign         422    404    303
    edit             422    404    303
    accept           303    404    422
    mark             422    404    422
    repeat           422    404    422
    doubt            422    404    422
    calm             422    404    422
    churn            422    404    422
    win-back         422    404    422
    return           303    404    303
    task-done        422    404    303
    """,
    "pooled": """
                     fay   fred   olga
    claim            303    303    422
    release          422    422    422
    move             422    422    303
    touch            422    422    303
    note             422    422    303
    consent          422    422    303
    task             422    422    303
    reveal           422    422    303
    dial             422    422    422
    reassign         422    422    303
    edit             422    422    303
    accept           409    409    409
    mark             422    422    422
    repeat           422    422    303
    doubt            422    422    303
    calm             422    422    422
    churn            422    422    422
    win-back         422    422    422
    return           422    422    422
    task-done        422    422    303
    """,
    "at_risk": """
                     fay   fred   olga
    claim            409    404    409
    release          303    404    303
    move             303    404    303
    touch            303    404    303
    note             303    404    303
    consent          303    404    303
    task             303    404    303
    reveal           303    404    303
    dial             422    404    422
    reassign         422    404    303
    edit             303    404    303
    accept           409    404    409
    mark             303    404    422
    repeat           303    404    303
    doubt            422    404    422
    calm             303    404    303
    churn            303    404    303
    win-back         422    404    422
    return           422    404    422
    task-done        303    404    303
    """,
    "churned": """
                     fay   fred   olga
    claim            409    404    409
    release          422    404    422
    move             422    404    422
    touch            422    404    422
    note             303    404    303
    consent          303    404    303
    task             422    404    422
    reveal           303    404    303
    dial             422    404    422
    reassign         422    404    422
    edit             422    404    422
    accept           409    404    409
    mark             303    404    422
    repeat           422    404    422
    doubt            422    404    422
    calm             422    404    422
    churn            422    404    422
    win-back         303    404    303
    return           422    404    422
    task-done        303    404    303
    """,
    "returned": """
                     fay   fred   olga
    claim            404    404    409
    release          404    404    422
    move             404    404    422
    touch            404    404    422
    note             404    404    303
    consent          404    404    303
    task             404    404    422
    reveal           404    404    303
    dial             404    404    422
    reassign         404    404    422
    edit             404    404    422
    accept           404    404    409
    mark             404    404    422
    repeat           404    404    422
    doubt            404    404    422
    calm             404    404    422
    churn            404    404    422
    win-back         404    404    422
    return           404    404    422
    task-done        404    404    303
    """,
}
