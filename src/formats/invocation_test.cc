#include "formats/invocation.h"

#include "base/encoding.h"
#include "formats/json_text.h"
#include "support/vectors.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace kssedr::formats {
namespace {

using namespace std::string_literals;

// An invocation together with the body its messages are views into.
struct Parsed {
    std::string body;
    Result<EventInvocation> result = fail(Errc::internal, "not parsed");

    explicit Parsed(std::string text) : body(std::move(text)) { result = parse_event_invocation(body); }
    EventInvocation const* operator->() const { return &*result; }
    [[nodiscard]] std::vector<std::string> messages() const {
        if (!result) return {"failed: " + result.error().message()};
        return {result->messages.begin(), result->messages.end()};
    }
};

using Texts = std::vector<std::string>;

std::string with_binding(std::string_view binding) {
    return fmt::format(R"({{"Data":{{"events":{}}},"Metadata":{{}}}})", binding);
}

std::string with_metadata(std::string_view metadata) {
    return fmt::format(R"({{"Data":{{"events":"[]"}},"Metadata":{}}})", metadata);
}

// The binding as the host writes it: a string that holds an array of JSON texts.
std::string host_array(std::vector<std::string> const& elements) {
    std::string array = "[";
    for (auto const& element : elements) array += (array.size() > 1 ? "," : "") + element;
    return format_json_string(array + ']');
}

TEST(Invocation, EveryEncodingOfTheBindingGivesTheSameMessages) {
    std::string const event = R"({"id":"a1","text":"café \"q\" \u0001"})";
    std::string const batch = R"([{"id":"a2"},{"id":"a3"}])";
    std::string const text = "plain text, not JSON";
    Texts const expected = {event, batch, text};
    auto const s = [](std::string const& t) { return format_json_string(t); };
    auto const b = [](std::string const& t) { return format_json_string(format_base64(t)); };
    auto const array_of = [](Texts const& elements) {
        return '[' + elements[0] + ',' + elements[1] + ',' + elements[2] + ']';
    };
    EXPECT_EQ(Parsed(with_binding(host_array({s(event), s(batch), s(text)}))).messages(), expected)
        << "dataType string";
    EXPECT_EQ(Parsed(with_binding(host_array({b(event), b(batch), b(text)}))).messages(), expected)
        << "dataType binary";
    EXPECT_EQ(Parsed(with_binding(host_array({event, batch, s(text)}))).messages(), expected) << "no dataType";
    EXPECT_EQ(Parsed(with_binding(array_of({s(event), s(batch), s(text)}))).messages(), expected)
        << "an array, strings";
    EXPECT_EQ(Parsed(with_binding(array_of({b(event), b(batch), b(text)}))).messages(), expected) << "an array, base64";
    EXPECT_EQ(Parsed(with_binding(array_of({event, batch, s(text)}))).messages(), expected) << "an array, JSON";
    EXPECT_EQ(Parsed(with_binding(array_of({s(event), b(batch), b(text)}))).messages(), expected) << "mixed";
}

struct BindingCase {
    char const* name;
    std::string binding;
    Texts messages;
};

TEST(Invocation, BindingsAreReadInEveryForm) {
    std::string const event = R"({"id":"a1"})";
    auto const s = [](std::string const& t) { return format_json_string(t); };
    BindingCase const cases[] = {
        {"no events", "\"[]\"", {}},
        {"no events, an array", "[]", {}},
        {"null", "null", {}},
        {"one event, an object", event, {event}},
        {"one event, text", s(event), {event}},
        {"one event, base64", s(format_base64(event)), {event}},
        {"one event, JSON in JSON in JSON", s(s(event)), {s(event)}},
        {"one event, plain text", "\"hello, world\"", {"hello, world"}},
        {"one event, empty", "\"\"", {""}},
        {"one event, a number", "5", {"5"}},
        {"one event, false", "false", {"false"}},
        {"text that begins like an array", s("[not an array"), {"[not an array"}},
        {"an array and more", s("[1],[2]"), {"[1],[2]"}},
        {"an array among blanks", s(" \n[ 1 , 2 ] "), {"1", "2"}},
        {"empty bodies", host_array({"null", "\"\"", "\"\""}), {"", "", ""}},
        {"scalars", host_array({"5", "true", "21.50"}), {"5", "true", "21.50"}},
        {"JSON text in base64's alphabet",
         host_array({"\"[AB]\"", R"("{}==")", R"("\"abcd\"")"}),
         {"[AB]", "{}==", "\"abcd\""}},
        {"text that is not base64",
         host_array({"\"abc\"", "\"ab=c\"", "\"abcd=\"", "\"ab d\"", "\"====\""}),
         {"abc", "ab=c", "abcd=", "ab d", "===="}},
        {"blanks before JSON", host_array({s("  \r\n" + event)}), {"  \r\n" + event}},
        {"bytes that are no text", host_array({s(format_base64("\0\xff\xfe"s))}), {"\0\xff\xfe"s}},
        {"escapes at every level",
         host_array({s("{\"a\":\"\\\"\\\\ \\u0000 \x7f\"}")}),
         {"{\"a\":\"\\\"\\\\ \\u0000 \x7f\"}"}},
        {"line separators", host_array({s("{\"a\":\"\u2028\u2029\u0085\"}")}), {"{\"a\":\"\u2028\u2029\u0085\"}"}},
        {"NUL", host_array({R"("a\u0000b")"}), {"a\0b"s}},
        {"half a character", host_array({R"("{\"a\":\"\ud83d\"}")"}), {"{\"a\":\"\ufffd\"}"}},
        {"a whole one", host_array({R"("{\"a\":\"\ud83d\ude00\"}")"}), {"{\"a\":\"😀\"}"}},
    };
    for (auto const& [name, binding, messages] : cases)
        EXPECT_EQ(Parsed(with_binding(binding)).messages(), messages) << name;
}

TEST(Invocation, TheBindingMayHaveAnyName) {
    EXPECT_EQ(Parsed(R"({"Data":{"eventHubMessages":["{1}"]}})").messages(), Texts{"{1}"});
    EXPECT_EQ(Parsed(R"({"Data":{"a":["{1}"],"EVENTS":["{2}"],"b":["{3}"]}})").messages(), Texts{"{2}"});
    EXPECT_EQ(Parsed(R"({"metadata":{},"data":{"Events":["{2}"]}})").messages(), Texts{"{2}"});
    EXPECT_EQ(Parsed(R"({"Data":{"events":["{1}"]},"DATA":{"events":["{2}"]}})").messages(), Texts{"{2}"})
        << "the last counts";
    EXPECT_FALSE(Parsed(R"({"Data":{"a":["{1}"],"b":["{3}"]}})").result) << "either could be it";
}

TEST(Invocation, WhatIsNoEnvelopeIsCorrupt) {
    for (std::string const body :
         {"", " ", "null", "[]", "5", "\"\"", "{}", R"({"Data":null})", R"({"Data":[]})", R"({"Data":{}})",
          R"({"Data":"{}"})", R"({"Metadata":{}})", R"({"Data":{"events":"[]"}})x", R"({"Data":{"events":"[]"})",
          R"({"Data":{"events":}})", R"({"Data":{"events":"[]"},})", R"({"Data":{"events":"[]"},"Metadata":{"x":01}})",
          "{\"Data\":{\"events\":\"[\n]\"}}", R"({"Data":{"events":"\x"}})"}) {
        Parsed const parsed(body);
        ASSERT_FALSE(parsed.result) << body;
        EXPECT_EQ(parsed.result.error().code(), Errc::corrupt) << body;
    }
    auto const deep = [](int depth) {
        return with_metadata("{\"x\":" + std::string(depth, '[') + std::string(depth, ']') + '}');
    };
    EXPECT_TRUE(Parsed(deep(62)).result);
    EXPECT_FALSE(Parsed(deep(63)).result);
    EXPECT_FALSE(Parsed(deep(1'000'000)).result);
}

struct RetryCase {
    char const* name;
    std::string metadata;
    bool known;
    int count;
    int max;
    bool is_last;
};

TEST(Invocation, TheLastAttemptIsTold) {
    RetryCase const cases[] = {
        {"no context", "{}", false, 0, 0, true},
        {"null", R"({"RetryContext":null})", false, 0, 0, true},
        {"the first of six",
         R"({"RetryContext":{"RetryCount":0,"MaxRetryCount":5,"Exception":null,"Instance":null,"State":{}}})", true, 0,
         5, false},
        {"the last", R"({"RetryContext":{"RetryCount":5,"MaxRetryCount":5}})", true, 5, 5, true},
        {"beyond the last", R"({"RetryContext":{"RetryCount":6,"MaxRetryCount":5}})", true, 6, 5, true},
        {"no retries", R"({"RetryContext":{"RetryCount":0,"MaxRetryCount":0}})", true, 0, 0, true},
        {"for ever", R"({"RetryContext":{"RetryCount":1000000,"MaxRetryCount":-1}})", true, 1000000, -1, false},
        {"for ever, otherwise", R"({"RetryContext":{"RetryCount":3,"MaxRetryCount":2147483647}})", true, 3, 2147483647,
         false},
        {"a string that holds an object", R"({"RetryContext":"{\"RetryCount\":1,\"MaxRetryCount\":5}"})", true, 1, 5,
         false},
        {"numbers in strings", R"({"RetryContext":{"RetryCount":"1","MaxRetryCount":"5"}})", true, 1, 5, false},
        {"lower case", R"({"retrycontext":{"retrycount":1,"maxretrycount":5}})", true, 1, 5, false},
        {"too large a number", R"({"RetryContext":{"RetryCount":1,"MaxRetryCount":99999999999999999999}})", true, 1,
         2147483647, false},
        {"no maximum", R"({"RetryContext":{"RetryCount":1}})", false, 0, 0, true},
        {"no count", R"({"RetryContext":{"MaxRetryCount":1}})", false, 0, 0, true},
        {"not numbers", R"({"RetryContext":{"RetryCount":{},"MaxRetryCount":[]}})", false, 0, 0, true},
        {"a fraction", R"({"RetryContext":{"RetryCount":1.5,"MaxRetryCount":5}})", false, 0, 0, true},
        {"no JSON in the string", R"({"RetryContext":"{\"RetryCount\":1,"})", false, 0, 0, true},
        {"an array", R"({"RetryContext":[1,2]})", false, 0, 0, true},
        {"a large exception",
         R"({"RetryContext":{"RetryCount":1,"Exception":{"StackTraceString":")" + std::string(100'000, 'x') +
             R"("},"MaxRetryCount":5}})",
         true, 1, 5, false},
    };
    for (auto const& [name, metadata, known, count, max, is_last] : cases) {
        SCOPED_TRACE(name);
        Parsed const parsed(with_metadata(metadata));
        ASSERT_TRUE(parsed.result) << parsed.result.error().message();
        ASSERT_EQ(parsed->retry.has_value(), known);
        EXPECT_EQ(parsed->is_last_attempt(), is_last);
        if (known) {
            EXPECT_EQ(parsed->retry->count, count);
            EXPECT_EQ(parsed->retry->max, max);
        }
    }
}

TEST(Invocation, ThePartitionIsToldWhereTheHostSaysIt) {
    struct Case {
        std::string metadata;
        std::string partition;
    };
    Case const cases[] = {{R"({"PartitionContext":{"ConsumerGroup":"$Default","PartitionId":"7"}})", "7"},
                          {R"({"TriggerPartitionContext":{"PartitionId":"7"}})", "7"},
                          {R"({"TriggerPartitionContext":{"PartitionId":"7"},"PartitionContext":null})", "7"},
                          {R"({"PartitionContext":"{\"PartitionId\":\"7\"}"})", "7"},
                          {R"({"partitioncontext":{"partitionid":7}})", "7"},
                          {R"({"PartitionContext":{"PartitionId":null}})", ""},
                          {R"({"PartitionContext":5,"Offset":"1","SequenceNumber":"2","EnqueuedTimeUtc":"x"})", ""},
                          {"{}", ""},
                          {"null", ""},
                          {"[]", ""},
                          {"\"text\"", ""}};
    for (auto const& [metadata, partition] : cases) {
        Parsed const parsed(with_metadata(metadata));
        ASSERT_TRUE(parsed.result) << metadata;
        EXPECT_EQ(parsed->partition, partition) << metadata;
    }
    Parsed const bare(R"({"Data":{"events":"[]"}})");
    ASSERT_TRUE(bare.result);
    EXPECT_EQ(bare->partition, "");
    EXPECT_TRUE(bare->is_last_attempt());
}

TEST(Invocation, MessagesLieInTheBody) {
    Parsed const parsed(with_binding(host_array({format_json_string(format_base64("{}")), R"({"a":1})"})));
    ASSERT_TRUE(parsed.result);
    ASSERT_EQ(parsed->messages.size(), 2U);
    for (auto const message : parsed->messages) {
        EXPECT_GE(message.data(), parsed.body.data());
        EXPECT_LE(message.data() + message.size(), parsed.body.data() + parsed.body.size());
    }
}

TEST(Invocation, AByteOrderMarkIsNoHarm) {
    EXPECT_EQ(Parsed("\xef\xbb\xbf" + with_binding(R"(["{1}"])")).messages(), Texts{"{1}"});
}

TEST(Invocation, TooManyMessagesAreRefused) {
    auto const zeros = [](std::size_t count) {
        std::string array = "[0";
        for (std::size_t i = 1; i < count; ++i) array += ",0";
        return format_json_string(array + ']');
    };
    EXPECT_EQ(Parsed(with_binding(zeros(100'000)))->messages.size(), 100'000U);
    EXPECT_FALSE(Parsed(with_binding(zeros(100'001))).result);
}

TEST(Invocation, HostsOwnBodiesAreRead) {
    // What the three events are, whichever way the host wrote them.
    for (std::string const name : {"host-string.json", "host-binary.json", "host-parsed.json"}) {
        SCOPED_TRACE(name);
        Parsed const parsed(test::read_vector("invocations/" + name));
        ASSERT_TRUE(parsed.result) << parsed.result.error().message();
        ASSERT_EQ(parsed->messages.size(), 2U);
        EXPECT_EQ(parsed->messages[0], R"({"id":"k1","text":"né \"q\""})");
        EXPECT_EQ(parsed->messages[1], R"([{"id":"k2"},{"id":"k3"}])");
        EXPECT_EQ(parsed->partition, "3");
        ASSERT_TRUE(parsed->retry);
        EXPECT_EQ(parsed->retry->count, 2);
        EXPECT_FALSE(parsed->is_last_attempt());
    }
}

TEST(Invocation, SharedSamplesAreRead) {
    struct Case {
        char const* name;
        std::size_t count;
        bool is_last;
    };
    for (auto const& [name, count, is_last] :
         {Case{"eh-many-string.json", 3, true}, Case{"eh-many-binary.json", 3, true},
          Case{"eh-many-nodatatype.json", 2, true}, Case{"eh-many-string-1.json", 1, true},
          Case{"eh-many-string-retry0.json", 1, false}, Case{"eh-many-string-retry2.json", 1, false}}) {
        auto const body = test::read_shared("facts/functions-host-samples/"s + name);
        if (!body) GTEST_SKIP() << "no shared samples here";
        SCOPED_TRACE(name);
        Parsed const parsed(*body);
        ASSERT_TRUE(parsed.result) << parsed.result.error().message();
        EXPECT_EQ(parsed->messages.size(), count);
        EXPECT_EQ(parsed->is_last_attempt(), is_last);
        EXPECT_EQ(parsed->partition, "1");
        EXPECT_TRUE(parsed->messages[0].starts_with(R"({"id":"a1","value":21.5)"));
    }
}

TEST(HttpInvocation, GivesMethodAndUrl) {
    std::string body =
        R"({"Data":{"req":{"Url":"http:\/\/localhost:7071/api/IsAlive?x=1","Method":"GET","Query":{},"Headers":{"Accept":["*/*"]},"Params":{},"Identities":[]}},"Metadata":{"x":"\"1\""}})";
    auto const invocation = parse_http_invocation(body);
    ASSERT_TRUE(invocation);
    EXPECT_EQ(invocation->method, "GET");
    EXPECT_EQ(invocation->url, "http://localhost:7071/api/IsAlive?x=1");
    std::string other_name = R"({"data":{"request":{"url":"u","method":"POST"}}})";
    EXPECT_EQ(parse_http_invocation(other_name)->method, "POST");
}

TEST(HttpInvocation, WhatIsNoneIsCorrupt) {
    for (std::string body :
         {"", "{}", R"({"Data":{"req":{}}})", R"({"Data":{"req":"GET"}})", R"({"Data":{"req":{"Method":"GET"}}})",
          R"({"Data":{"req":{"Url":"u"}}})", R"({"Data":{"req":{"Url":5,"Method":{}}}})", R"({"Data":{"req":null}})"}) {
        auto const invocation = parse_http_invocation(body);
        ASSERT_FALSE(invocation) << body;
        EXPECT_EQ(invocation.error().code(), Errc::corrupt);
    }
}

TEST(Answer, EventAnswersHaveTheHostsShape) {
    EXPECT_EQ(format_event_answer({}, {}, ""), R"({"Outputs":{},"Logs":[],"ReturnValue":null})");
    Texts const poison = {R"({"a":"b"})", "x\ny"};
    Texts const logs = {"one", "tw\"o", "\xff"};
    EXPECT_EQ(
        format_event_answer(poison, logs, R"([{"outcome":"rotated"}])"),
        R"({"Outputs":{"poison":["{\"a\":\"b\"}","x\ny"]},"Logs":["one","tw\"o","�"],"ReturnValue":[{"outcome":"rotated"}]})");
}

TEST(Answer, HttpAnswersGiveTheBodyAsAString) {
    EXPECT_EQ(
        format_http_answer(200, "application/json", R"({"isAlive":true})"),
        R"({"Outputs":{"res":{"statusCode":200,"body":"{\"isAlive\":true}","headers":{"Content-Type":"application/json"}}},"Logs":[],"ReturnValue":null})");
    EXPECT_EQ(
        format_http_answer(503, "text/plain", ""),
        R"({"Outputs":{"res":{"statusCode":503,"body":"","headers":{"Content-Type":"text/plain"}}},"Logs":[],"ReturnValue":null})");
}

}  // namespace
}  // namespace kssedr::formats
