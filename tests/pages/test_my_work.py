"""My work: what each person is told to do, and nothing of what is not theirs."""

from tests.cast import make_account, make_contacted, make_deal, make_lead, make_offer


def test_smoke(browse, pipeline, sam, hal, fay, olga, ada, cody, root, lena, stan):
    make_contacted(sam, name="Irina Sokolova")
    make_lead(pipeline=pipeline)
    make_offer(sam, name="Emma Clarke")
    make_deal(sam, hal)
    make_account(sam, hal, fay)
    for who in (sam, hal, fay, lena, stan):
        page = browse(who).get("/")
        assert page.status_code == 200, who
    for who in (sam, hal, fay, lena, stan, olga, ada, cody, root):
        assert browse(who).get("/find/?q=cl").status_code == 200
        assert browse(who).get("/notices/").status_code == 200
    for who in (olga, ada, cody, root):
        assert browse(who).get("/").status_code == 302
