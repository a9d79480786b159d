"""The redis-server and the browser that tests are lent are real."""

import pytest
import redis


@pytest.mark.redis
def test_the_redis_server_remembers(redis_server):
    with redis.Redis.from_url(redis_server) as client:
        client.set("word", "belt")

        assert client.get("word") == b"belt"


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_browser_reads_a_page_without_a_word_of_complaint(page, live_server):
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    answer = page.goto(f"{live_server.url}/auth/login/")

    assert answer.status == 200
    assert page.locator("input[name=password]").count() == 1
    assert complaints == []
