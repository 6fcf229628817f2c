#include "emulator/shared_key.h"
#include "test/local_azure/test_world.h"

namespace kssedr::emulator {
namespace {

using namespace std::chrono_literals;

class BlobTest : public ::testing::Test {
protected:
    StorageAccount& account() { return t.world.accounts.find("demostorage")->second; }

    listen::Response ask(std::string const& key, std::string const& method, std::string const& target,
                         std::string const& body = {}, std::vector<std::pair<std::string, std::string>> headers = {}) {
        listen::Request request;
        request.method = method;
        request.target = target;
        headers.emplace_back("x-ms-date", "Thu, 15 Jan 2026 09:30:00 GMT");
        headers.emplace_back("x-ms-version", "2021-12-02");
        if (!body.empty()) request.headers.add("Content-Length", std::to_string(body.size()));
        for (auto const& [name, value] : headers) request.headers.add(name, value);
        auto const signature = sign_with_account_key(key, make_string_to_sign(request, "demostorage"));
        headers.emplace_back("Authorization", "SharedKey demostorage:" + signature.value_or(""));
        return t.ask({.method = method,
                      .host = "demostorage.blob.storage.localhost:8443",
                      .target = target,
                      .body = body,
                      .headers = std::move(headers)});
    }
    TestWorld t;
};

// The example of "Authorize with Shared Key" in the Azure Storage reference.
TEST(SharedKey, TheTextToSignIsTheDocumentedOne) {
    listen::Request request;
    request.method = "GET";
    request.target = "/mycontainer?comp=metadata&restype=container&timeout=20";
    request.headers.add("x-ms-version", "2015-02-21");
    request.headers.add("x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT");
    EXPECT_EQ(make_string_to_sign(request, "myaccount"),
              "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n"
              "/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20");
}

TEST(SharedKey, EveryHeaderHasItsPlace) {
    listen::Request request;
    request.method = "PUT";
    request.target = "/c/a%20b?B=2&a=y&a=x";
    for (auto const& [name, value] : std::vector<std::pair<std::string, std::string>>{{"Content-Encoding", "ce"},
                                                                                      {"Content-Language", "cl"},
                                                                                      {"Content-Length", "11"},
                                                                                      {"Content-MD5", "md5"},
                                                                                      {"Content-Type", "ct"},
                                                                                      {"Date", "d"},
                                                                                      {"If-Modified-Since", "ims"},
                                                                                      {"If-Match", "im"},
                                                                                      {"If-None-Match", "inm"},
                                                                                      {"If-Unmodified-Since", "ius"},
                                                                                      {"Range", "r"},
                                                                                      {"X-MS-B", " two "},
                                                                                      {"x-ms-a", "1"}})
        request.headers.add(name, value);
    EXPECT_EQ(make_string_to_sign(request, "acc"),
              "PUT\nce\ncl\n11\nmd5\nct\nd\nims\nim\ninm\nius\nr\nx-ms-a:1\nx-ms-b:two\n/acc/c/a%20b\na:x,y\nb:2");
}

TEST(SharedKey, HeadersThatAreNone) {
    for (auto const* text : {"", "SharedKey", "SharedKey ", "SharedKey a", "SharedKey :s", "SharedKey a:", "Bearer x"})
        EXPECT_FALSE(parse_shared_key_header(text)) << text;
    EXPECT_FALSE(sign_with_account_key("no base64!", "text"));
}

TEST_F(BlobTest, EitherKeyOpensAndAWrongOneDoesNot) {
    for (auto const& key : account().keys) EXPECT_EQ(ask(key.value, "GET", "/?comp=list").status, 200U) << key.name;
    auto const refused = ask(make_account_key(t.random), "GET", "/?comp=list");
    EXPECT_EQ(refused.status, 403U);
    EXPECT_EQ(to_text(refused, "x-ms-error-code"), "AuthenticationFailed");
    EXPECT_NE(refused.body.find("<Code>AuthenticationFailed</Code>"), std::string::npos);
    auto const bare = t.ask({.host = "demostorage.blob.storage.localhost:8443", .target = "/?comp=list"});
    EXPECT_EQ(bare.status, 401U);
}

TEST_F(BlobTest, AChangedRequestBreaksTheSignature) {
    auto const right = ask(account().keys[0].value, "PUT", "/box?restype=container");
    EXPECT_EQ(right.status, 201U) << right.body;
    listen::Request signed_for;
    signed_for.method = "GET";
    signed_for.target = "/box?restype=container";
    auto const signature =
        sign_with_account_key(account().keys[0].value, make_string_to_sign(signed_for, "demostorage"));
    auto const response = t.ask({.method = "DELETE",
                                 .host = "demostorage.blob.storage.localhost:8443",
                                 .target = "/box?restype=container",
                                 .headers = {{"Authorization", "SharedKey demostorage:" + *signature}}});
    EXPECT_EQ(response.status, 403U);
    EXPECT_EQ(account().blobs.containers.size(), 1U);
}

TEST_F(BlobTest, ARegeneratedKeyStopsAtOnce) {
    auto const old = account().keys[1].value;
    t.arm("POST", t.account_path() + "/regenerateKey", R"({"keyName":"key2"})");
    EXPECT_EQ(ask(old, "GET", "/?comp=list").status, 403U);
    EXPECT_EQ(ask(account().keys[1].value, "GET", "/?comp=list").status, 200U);
}

TEST_F(BlobTest, APropagationDelayKeepsTheOldKeyAndHoldsTheNewOneBack) {
    t.admin("PUT", "accounts", R"({"name":"demostorage","propagationDelay":"PT30S"})");
    auto const old = account().keys[1].value;
    t.arm("POST", t.account_path() + "/regenerateKey", R"({"keyName":"key2"})");
    auto const made = account().keys[1].value;
    EXPECT_EQ(ask(old, "GET", "/?comp=list").status, 200U);
    EXPECT_EQ(ask(made, "GET", "/?comp=list").status, 403U);
    t.clock.advance(30s);
    EXPECT_EQ(ask(old, "GET", "/?comp=list").status, 403U);
    EXPECT_EQ(ask(made, "GET", "/?comp=list").status, 200U);
}

TEST_F(BlobTest, SharedKeysMayBeSwitchedOff) {
    t.admin("PUT", "accounts", R"({"name":"demostorage","allowSharedKeyAccess":false})");
    auto const refused = ask(account().keys[0].value, "GET", "/?comp=list");
    EXPECT_EQ(refused.status, 403U);
    EXPECT_EQ(to_text(refused, "x-ms-error-code"), "KeyBasedAuthenticationNotPermitted");
}

TEST_F(BlobTest, BlobsAreKeptToTheByte) {
    auto const& key = account().keys[0].value;
    std::string const content("a\0b\r\n\xff", 6);
    ASSERT_EQ(ask(key, "PUT", "/box?restype=container").status, 201U);
    EXPECT_EQ(ask(key, "PUT", "/box?restype=container").status, 409U);
    ASSERT_EQ(ask(key, "PUT", "/box/d/e%20f", content, {{"x-ms-blob-type", "BlockBlob"}, {"x-ms-meta-k", "v"}}).status,
              201U);
    auto const got = ask(key, "GET", "/box/d/e%20f");
    EXPECT_EQ(got.body, content);
    EXPECT_EQ(to_text(got, "x-ms-meta-k"), "v");
    EXPECT_EQ(
        ask(key, "PUT", "/box/d/e%20f", content, {{"x-ms-blob-type", "BlockBlob"}, {"If-None-Match", "*"}}).status,
        409U);
    EXPECT_EQ(ask(key, "DELETE", "/box/d/e%20f").status, 202U);
    EXPECT_EQ(ask(key, "GET", "/box/d/e%20f").status, 404U);
    EXPECT_EQ(ask(key, "GET", "/none/x").status, 404U);
}

}  // namespace
}  // namespace kssedr::emulator
