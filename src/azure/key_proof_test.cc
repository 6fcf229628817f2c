#include "azure/key_proof.h"

#include "azure/json_view.h"
#include "support/coro_test.h"
#include "support/vectors.h"

#include <gtest/gtest.h>

namespace kssedr::azure {
namespace {

http::Method method_of(std::string_view name) {
    return name == "HEAD" ? http::Method::head : http::Method::get;
}

std::string header_of(http::Request const& request, std::string_view name) {
    if (name == "authorization") return std::string(request.authorization.expose());
    for (auto const& [key, value] : request.headers)
        if (key == name) return value;
    return {};
}

TEST(KeyProof, ProvesAsAnIndependentProgramDoes) {
    auto const bytes = test::read_vector("azure/key_proof.json");
    auto const document = JsonDocument::parse(bytes);
    ASSERT_TRUE(document);
    auto const vectors = document->root().items();
    ASSERT_GE(vectors.size(), 7U);
    for (auto const& vector : vectors) {
        auto const url = vector["url"].text_or({});
        SCOPED_TRACE(url);
        rotation::EntryTrial trial;
        trial.proof = *rotation::parse_key_proof(vector["proof"].text_or({}));
        http::Request request{.method = method_of(vector["method"].text_or({})), .url = url};
        auto const key = SecretString::copy_of(vector["key"].text_or({}));
        ASSERT_TRUE(prove_key(request, trial, "demo", key, test::epoch));
        auto const headers = vector["headers"].members();
        for (auto const& [name, value] : headers) EXPECT_EQ(header_of(request, name), value.text_or({})) << name;
        EXPECT_EQ(request.headers.size() + 1, headers.size()) << "nothing is said besides";
    }
}

TEST(KeyProof, AHeaderHasTheKeyAndIsInNoLog) {
    rotation::EntryTrial trial;
    trial.header = "api-key";
    http::Request request{.url = "https://demo.search.windows.net/servicestats"};
    ASSERT_TRUE(prove_key(request, trial, "demo", SecretString::copy_of("k"), test::epoch));
    ASSERT_EQ(request.secret_headers.size(), 1U);
    EXPECT_EQ(request.secret_headers[0].first, "api-key");
    EXPECT_TRUE(request.secret_headers[0].second.equals("k"));
    EXPECT_TRUE(request.headers.empty());
}

TEST(KeyProof, AKeyOfAnotherFormProvesNothing) {
    struct Case {
        std::string_view proof, key;
    };
    for (auto const& c : {Case{"cosmos", "not base64"}, Case{"hmac", ""}, Case{"hmac-with-id", "QUJD"},
                          Case{"hmac-with-id", "Endpoint=x;Id=a"}, Case{"hmac-with-id", "Id=a;Secret=!"}}) {
        SCOPED_TRACE(c.key);
        rotation::EntryTrial trial;
        trial.proof = *rotation::parse_key_proof(c.proof);
        http::Request request{.url = "https://demo.documents.azure.com/dbs"};
        auto const proved = prove_key(request, trial, "demo", SecretString::copy_of(c.key), test::epoch);
        ASSERT_FALSE(proved);
        EXPECT_EQ(proved.error().code(), Errc::invalid_argument);
        EXPECT_TRUE(request.authorization.empty());
    }
}

}  // namespace
}  // namespace kssedr::azure
