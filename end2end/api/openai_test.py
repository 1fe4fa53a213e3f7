"""OpenAI's own Python package against /v1."""
import os

import openai
import pytest

QUESTION = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How do tides work?"}]
# provider.mjs counts words.
ANSWER, QUESTION_TOKENS, ANSWER_TOKENS = "You said: How do tides work?", 4, 6


def client(key=os.environ["ATRIUM_API_KEY"]):
    return openai.OpenAI(base_url=f"{os.environ['ATRIUM_URL']}/v1", api_key=key, max_retries=0)


def test_models():
    models = client().models.list().data
    assert [(it.id, it.object, it.owned_by) for it in models] == [("Assistant", "model", "openai")]
    assert client().models.retrieve("Assistant").created == models[0].created > 1_700_000_000


def test_whole():
    reply = client().chat.completions.create(model="Assistant", messages=QUESTION, temperature=0.2, max_tokens=100)
    assert reply.object == "chat.completion" and reply.id.startswith("chatcmpl-") and reply.model == "Assistant"
    [choice] = reply.choices
    assert (choice.message.role, choice.message.content, choice.finish_reason) == ("assistant", ANSWER, "stop")
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (QUESTION_TOKENS, ANSWER_TOKENS)
    assert reply.usage.total_tokens == QUESTION_TOKENS + ANSWER_TOKENS


def test_streamed():
    stream = client().chat.completions.create(
        model="Assistant", messages=QUESTION, stream=True, stream_options={"include_usage": True}
    )
    *chunks, last = list(stream)
    assert {(it.object, it.model, it.id) for it in chunks} == {("chat.completion.chunk", "Assistant", last.id)}
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(it.choices[0].delta.content or "" for it in chunks) == ANSWER
    assert [it.choices[0].finish_reason for it in chunks if it.choices[0].finish_reason] == ["stop"]
    assert last.choices == [] and last.usage.total_tokens == QUESTION_TOKENS + ANSWER_TOKENS


def test_streamed_without_usage():
    stream = client().chat.completions.create(model="Assistant", messages=QUESTION, stream=True)
    assert all(it.usage is None and it.choices for it in stream)


@pytest.mark.parametrize("stream", [False, True])
def test_refusals(stream):
    def refused(kind, key=os.environ["ATRIUM_API_KEY"], **changes):
        asked = {"model": "Assistant", "messages": QUESTION, "stream": stream} | changes
        with pytest.raises(kind) as caught:
            client(key).chat.completions.create(**asked)
        return caught.value.code, caught.value.param

    assert refused(openai.NotFoundError, model="no-such-agent") == ("model_not_found", None)
    assert refused(openai.AuthenticationError, key="atr_wrong") == ("invalid_api_key", None)
    assert refused(openai.BadRequestError, temperature=9) == ("invalid", "temperature")
    assert refused(openai.BadRequestError, messages=[]) == ("invalid", "messages")


def test_no_such_model():
    with pytest.raises(openai.NotFoundError):
        client().models.retrieve("no-such-agent")
