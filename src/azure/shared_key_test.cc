#include "azure/shared_key.h"

#include "azure/json_view.h"
#include "support/vectors.h"

#include <gtest/gtest.h>

namespace kssedr::azure {
namespace {

http::Request request_of(JsonView vector) {
    http::Request request;
    request.method = vector["method"].text() == "PUT" ? http::Method::put : http::Method::get;
    request.url = vector["url"].text_or({});
    for (auto const& [name, value] : vector["headers"].members()) request.headers.emplace_back(name, value.text_or({}));
    request.body = SecretString::copy_of(vector["body"].text_or({}));
    return request;
}

TEST(SharedKey, SignsAsAnIndependentProgramDoes) {
    auto const bytes = test::read_vector("azure/shared_key.json");
    auto const document = JsonDocument::parse(bytes);
    ASSERT_TRUE(document);
    auto const vectors = document->root().items();
    ASSERT_GE(vectors.size(), 6U);
    for (auto const& vector : vectors) {
        SCOPED_TRACE(vector["name"].text_or({}));
        auto request = request_of(vector);
        auto const account = vector["account"].text_or({});
        EXPECT_EQ(format_string_to_sign(request, account), vector["text"].text_or({}));
        ASSERT_TRUE(sign_with_shared_key(request, account, SecretString::copy_of(vector["key"].text_or({}))));
        EXPECT_EQ(request.authorization.expose(), vector["authorization"].text_or({}));
    }
}

TEST(SharedKey, AKeyThatIsNoBase64SignsNothing) {
    for (std::string_view const key : {"", "not base64", "QQ=", "====", "Q*=="}) {
        SCOPED_TRACE(key);
        http::Request request{.url = "https://demo.blob.core.windows.net/"};
        auto const signed_ = sign_with_shared_key(request, "demo", SecretString::copy_of(key));
        ASSERT_FALSE(signed_);
        EXPECT_EQ(signed_.error().code(), Errc::invalid_argument);
        EXPECT_TRUE(request.authorization.empty());
    }
}

TEST(SharedKey, TheTextIsTotal) {
    for (std::string const url :
         {"", "x", "://", "https://", "https://h?", "https://h/%", "https://h/?%4", "https://h?=&&=a"})
        EXPECT_NE(format_string_to_sign({.url = url}, "demo").find("/demo/"), std::string::npos) << url;
}

}  // namespace
}  // namespace kssedr::azure
