#include "azure/error_answer.h"

#include <gtest/gtest.h>

namespace kssedr::azure {
namespace {

using namespace std::chrono_literals;

http::Response answer(long status, std::string_view body, std::vector<http::Header> headers = {}) {
    http::Response response;
    response.status = status;
    response.headers = std::move(headers);
    response.body = SecretString::copy_of(body);
    return response;
}

TEST(ErrorAnswer, ReadsEveryShapeAzureHas) {
    struct Case {
        std::string_view name;
        std::string_view body;
        ServiceError said;
    };
    Case const cases[] = {
        {"the usual", R"({"error":{"code":"ResourceNotFound","message":"No."}})", {"ResourceNotFound", "", "No."}},
        {"with an inner code",
         R"({"error":{"code":"Forbidden","message":"No.","innererror":{"code":"SecretDisabled"}}})",
         {"SecretDisabled", "Forbidden", "No."}},
        {"with inner codes nested",
         R"({"error":{"code":"A","message":"m","innererror":{"code":"B","innererror":{"code":"C"}}}})",
         {"C", "A", "m"}},
        {"with capitals",
         R"({"Error":{"Code":"ResourceGroupDeletionBlocked","Target":null,"Message":"m"}})",
         {"ResourceGroupDeletionBlocked", "", "m"}},
        {"flat with capitals", R"({"Code":"429","Message":"m","Innererror":null})", {"429", "", "m"}},
        {"flat", R"({"code":"PreconditionFailed","message":"m"})", {"PreconditionFailed", "", "m"}},
        {"the directory's",
         R"({"odata.error":{"code":"Authorization_RequestDenied","message":{"lang":"en","value":"m"}}})",
         {"Authorization_RequestDenied", "", "m"}},
        {"the IoT hub's",
         R"({"Code":"IotHubNotFound","HttpStatusCode":"NotFound","Message":"m"})",
         {"IotHubNotFound", "", "m"}},
        {"a token endpoint's", R"({"error":"invalid_client","error_description":"d"})", {"invalid_client", "", ""}},
        {"nothing", "", {}},
        {"a page of HTML", "<html>502</html>", {}},
        {"an array", "[1]", {}},
        {"other types", R"({"error":{"code":5,"message":[]}})", {}},
        {"cut short", R"({"error":{"code":"X")", {}},
    };
    for (auto const& [name, body, said] : cases) {
        SCOPED_TRACE(name);
        auto const parsed = parse_service_error(body);
        EXPECT_EQ(parsed.code, said.code);
        EXPECT_EQ(parsed.outer_code, said.outer_code);
        EXPECT_EQ(parsed.message, said.message);
    }
}

TEST(ErrorAnswer, SaysWhatTheCallerCanDo) {
    struct Case {
        long status;
        std::string_view code;
        Errc read;
        Errc write;
    };
    constexpr Case cases[] = {
        {400, "BadParameter", Errc::invalid_argument, Errc::invalid_argument},
        {401, "Unauthorized", Errc::permission_denied, Errc::permission_denied},
        {403, "ForbiddenByRbac", Errc::permission_denied, Errc::permission_denied},
        {403, "SecretDisabled", Errc::not_found, Errc::not_found},
        {404, "SecretNotFound", Errc::not_found, Errc::not_found},
        {405, "", Errc::invalid_argument, Errc::invalid_argument},
        {408, "", Errc::unavailable, Errc::outcome_unknown},
        {409, "AnotherOperationInProgress", Errc::conflict, Errc::conflict},
        {409, "ObjectIsBeingDeleted", Errc::conflict, Errc::conflict},
        {409, "ObjectIsDeletedButRecoverable", Errc::invalid_argument, Errc::invalid_argument},
        {409, "ScopeLocked", Errc::invalid_argument, Errc::invalid_argument},
        {409, "scopelocked", Errc::invalid_argument, Errc::invalid_argument},
        {409, "MissingSubscriptionRegistration", Errc::invalid_argument, Errc::invalid_argument},
        {410, "", Errc::not_found, Errc::not_found},
        {412, "PreconditionFailed", Errc::conflict, Errc::conflict},
        {423, "", Errc::conflict, Errc::conflict},
        {429, "SubscriptionRequestsThrottled", Errc::throttled, Errc::throttled},
        {500, "InternalServerError", Errc::unavailable, Errc::outcome_unknown},
        {502, "", Errc::unavailable, Errc::outcome_unknown},
        {503, "ServerBusy", Errc::unavailable, Errc::outcome_unknown},
        {504, "GatewayTimeout", Errc::unavailable, Errc::outcome_unknown},
        // A gateway that repeats a service's word does not make the outcome known.
        {500, "ScopeLocked", Errc::unavailable, Errc::outcome_unknown},
        {301, "", Errc::invalid_argument, Errc::invalid_argument},
        {302, "", Errc::invalid_argument, Errc::invalid_argument},
        {303, "", Errc::invalid_argument, Errc::outcome_unknown},
        {307, "", Errc::invalid_argument, Errc::invalid_argument},
    };
    for (auto const& [status, code, read, write] : cases) {
        SCOPED_TRACE(std::to_string(status) + ' ' + std::string(code));
        auto const body = R"({"error":{"code":")" + std::string(code) + R"("}})";
        auto const reading = to_error(answer(status, body), "reading", Effect::none);
        auto const writing = to_error(answer(status, body), "writing", Effect::happens);
        EXPECT_EQ(to_string(reading.code()), to_string(read));
        EXPECT_EQ(to_string(writing.code()), to_string(write));
        EXPECT_EQ(reading.service_code(), code);
    }
}

TEST(ErrorAnswer, TellsAPersonWhatWhyAndWhatToDo) {
    auto const error = to_error(
        answer(
            403,
            R"({"error":{"code":"Forbidden","message":"Caller is not authorized.\r\nCaller: appid=1","innererror":{"code":"ForbiddenByRbac"}}})",
            {{"x-ms-request-id", "0b1c"}}),
        "reading secret web of contoso.vault.azure.net", Effect::none);
    EXPECT_EQ(error.message(),
              "reading secret web of contoso.vault.azure.net: answered 403 Forbidden ForbiddenByRbac, "
              "\"Caller is not authorized. Caller: appid=1\"; assign the role Key Vault Secrets Officer on the "
              "vault or "
              "the secret to kssedr's identity (request 0b1c)");
    EXPECT_EQ(error.service_code(), "ForbiddenByRbac");
}

TEST(ErrorAnswer, SaysOfARedirectWhereItLeadsAndThatItIsNotFollowed) {
    auto const redirect = answer(302, "", {{"location", "https://login.proxy.example/start?token=t0ps3cret"}});
    auto const said = to_error(redirect, "reading", Effect::none).message();
    EXPECT_NE(said.find("answered 302; a redirect to https://login.proxy.example, which is not followed"),
              std::string::npos)
        << said;
    EXPECT_EQ(said.find("t0ps3cret"), std::string::npos);
    EXPECT_NE(to_error(answer(307, ""), "reading", Effect::none).message().find("a redirect, which"),
              std::string::npos);
    EXPECT_EQ(to_error(answer(404, ""), "reading", Effect::none).message().find("redirect"), std::string::npos);
}

TEST(ErrorAnswer, QuotesNothingThatMayRepeatASecretSent) {
    auto const body = R"({"error":{"code":"BadParameter","message":"The value c2VjcmV0 is too long."}})";
    auto const refused = to_error(answer(400, body), "publishing", Effect::happens, Quote::code_only);
    EXPECT_EQ(refused.message().find("c2VjcmV0"), std::string::npos);
    EXPECT_NE(refused.message().find("BadParameter"), std::string::npos);
    for (long const status : {403L, 409L, 413L, 429L, 500L, 502L}) {
        for (std::string_view const echo :
             {R"({"error":{"code":"BadParameter","message":"c2VjcmV0"}})", R"({"error":{"code":"c2VjcmV0"}})",
              R"({"error":{"code":"Bad","innererror":{"code":"c2VjcmV0"}}})", R"({"error":"c2VjcmV0"})",
              R"({"error":{"code":"c2VjcmV0","innererror":{"code":"Bad"}}})",
              R"({"odata.error":{"code":"AccountKey=c2VjcmV0==","message":{"value":"c2VjcmV0"}}})"}) {
            auto const error = to_error(answer(status, echo, {{"x-ms-request-id", "id-of-it"}}), "publishing",
                                        Effect::happens, Quote::code_only);
            EXPECT_FALSE(error.message().contains("c2VjcmV0")) << status << ' ' << error.message();
            EXPECT_FALSE(error.service_code().contains("c2VjcmV0")) << status << ' ' << echo;
            EXPECT_TRUE(error.message().contains("id-of-it")) << error.message();
            EXPECT_EQ(error.message().contains("Bad"), echo.contains("Bad")) << error.message();
        }
    }
    auto const read = to_error(answer(400, body), "reading", Effect::none, Quote::always);
    EXPECT_NE(read.message().find("c2VjcmV0"), std::string::npos);
}

TEST(ErrorAnswer, ReadsHowLongToWait) {
    struct Case {
        std::string_view name;
        std::vector<http::Header> headers;
        std::optional<Duration> wait;
    };
    Case const cases[] = {
        {"not said", {}, {}},
        {"seconds", {{"retry-after", "17"}}, 17s},
        {"none", {{"retry-after", "0"}}, 0s},
        {"milliseconds", {{"retry-after", "17"}, {"x-ms-retry-after-ms", "250"}}, 250ms},
        {"a date", {{"date", "Tue, 20 Aug 2024 20:52:39 GMT"}, {"retry-after", "Tue, 20 Aug 2024 20:53:09 GMT"}}, 30s},
        {"a date past",
         {{"date", "Tue, 20 Aug 2024 20:52:39 GMT"}, {"retry-after", "Tue, 20 Aug 2024 20:50:09 GMT"}},
         0s},
        {"a date without a now", {{"retry-after", "Tue, 20 Aug 2024 20:53:09 GMT"}}, {}},
        {"for days", {{"retry-after", "999999999999"}}, 1h},
        {"negative", {{"retry-after", "-3"}}, {}},
        {"no number", {{"retry-after", "soon"}}, {}},
        {"a fraction", {{"retry-after", "1.5"}}, {}},
        {"over any number", {{"retry-after", "99999999999999999999999"}}, {}},
    };
    for (auto const& [name, headers, wait] : cases) {
        SCOPED_TRACE(name);
        EXPECT_EQ(parse_retry_after(answer(429, "", headers)), wait);
        EXPECT_EQ(to_error(answer(429, "", headers), "reading", Effect::none).retry_after(), wait);
    }
}

TEST(ErrorAnswer, TheTransportsFailureMeansWhatTheCallDoes) {
    struct Case {
        Errc code;
        Errc read;
        Errc write;
    };
    constexpr Case cases[] = {
        {Errc::outcome_unknown, Errc::unavailable, Errc::outcome_unknown},
        {Errc::corrupt, Errc::corrupt, Errc::outcome_unknown},
        {Errc::unavailable, Errc::unavailable, Errc::unavailable},
        {Errc::deadline_exceeded, Errc::deadline_exceeded, Errc::deadline_exceeded},
        {Errc::invalid_argument, Errc::invalid_argument, Errc::invalid_argument},
    };
    for (auto const& [code, read, write] : cases) {
        EXPECT_EQ(to_error(Error(code, "m"), "reading", Effect::none).code(), read);
        EXPECT_EQ(to_error(Error(code, "m"), "writing", Effect::happens).code(), write);
    }
}

}  // namespace
}  // namespace kssedr::azure
