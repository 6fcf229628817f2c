#include "rotation/secret_ref.h"

#include "base/ascii.h"
#include "support/hostile_urls.h"

#include <gtest/gtest.h>

namespace kssedr::rotation {
namespace {

constexpr std::string_view suffix = "vault.azure.net";
constexpr std::string_view version = "ee059b2bb5bc48398a53b168c6cdcb10";

struct GoodUrl {
    char const* name;
    std::string url;
    std::string secret_url;
    std::string_view version;
};

TEST(SecretUrl, TakesWhatKeyVaultWrites) {
    std::string const plain = "https://sample-kv.vault.azure.net/secrets/s";
    std::string const with_version = plain + '/' + std::string(version);
    GoodUrl const cases[] = {
        {"no version", plain, plain, ""},
        {"a version", with_version, plain, version},
        {"a slash at the end", plain + '/', plain, ""},
        {"a slash after the version", with_version + '/', plain, version},
        {"the port of https", "https://sample-kv.vault.azure.net:443/secrets/s", plain, ""},
        {"other case of scheme and host", "HTTPS://Sample-KV.Vault.Azure.Net/secrets/s", plain, ""},
        {"other case of the version", plain + "/EE059B2BB5BC48398A53B168C6CDCB10", plain, version},
        {"the shortest names", "https://abc.vault.azure.net/secrets/0", "https://abc.vault.azure.net/secrets/0", ""},
        {"the longest vault name", "https://abcdefghijklmnopqrstuvwx.vault.azure.net/secrets/-",
         "https://abcdefghijklmnopqrstuvwx.vault.azure.net/secrets/-", ""},
        {"the longest secret name", "https://abc.vault.azure.net/secrets/" + std::string(127, 'N'),
         "https://abc.vault.azure.net/secrets/" + std::string(127, 'N'), ""},
    };
    for (auto const& [name, url, secret_url, expected] : cases) {
        SCOPED_TRACE(name);
        auto const parsed = parse_secret_url(url, suffix);
        ASSERT_TRUE(parsed) << parsed.error().message();
        EXPECT_EQ(parsed->secret.url(), secret_url);
        EXPECT_EQ(parsed->version, expected);
    }
}

TEST(SecretUrl, NoTextLeadsToAnotherHost) {
    auto const urls = test::hostile_urls();
    EXPECT_GE(urls.size(), 60U);
    for (auto const& [name, url] : urls) {
        SCOPED_TRACE(name);
        auto const parsed = parse_secret_url(url, suffix);
        ASSERT_FALSE(parsed) << parsed->secret.url();
        EXPECT_EQ(parsed.error().code(), Errc::invalid_argument);
        auto const& message = parsed.error().message();
        EXPECT_LT(message.size(), 1200U);
        EXPECT_EQ(escape_for_display(message, message.size()), message) << "what is shown is fit to be shown";
    }
}

TEST(SecretUrl, ASuffixWithAPortIsHeldToIt) {
    constexpr std::string_view local = "vault.localhost:8443";
    auto const parsed = parse_secret_url("https://demo.vault.localhost:8443/secrets/s", local);
    ASSERT_TRUE(parsed) << parsed.error().message();
    EXPECT_EQ(parsed->secret.vault.text, "demo.vault.localhost:8443");
    EXPECT_EQ(parsed->secret.vault.name(), "demo");
    EXPECT_EQ(parsed->secret.url(), "https://demo.vault.localhost:8443/secrets/s");
    for (std::string_view const host :
         {"demo.vault.localhost", "demo.vault.localhost:443", "demo.vault.localhost:84430",
          "demo.vault.localhost:08443", "demo.vault.localhost:8443:443", "demo.vault.localhost."})
        EXPECT_FALSE(parse_secret_url("https://" + std::string(host) + "/secrets/s", local)) << host;
}

TEST(VaultHost, IsMadeOfAValidName) {
    EXPECT_EQ(make_vault_host("Sample-KV", "Vault.Azure.Net")->text, "sample-kv.vault.azure.net");
    for (std::string_view const name : {"", "ab", "1abc", "-abc", "abc-", "a--b", "a.b", "a_b", "abc ", "a/b", "abc:1",
                                        "a@b", "abcdefghijklmnopqrstuvwxy", "n\xc3\xa9z"})
        EXPECT_FALSE(make_vault_host(name, suffix)) << name;
}

TEST(VaultHost, IsReadWithItsSuffix) {
    EXPECT_EQ(parse_vault_host("sample-kv.vault.azure.net", suffix)->text, "sample-kv.vault.azure.net");
    EXPECT_EQ(parse_vault_host("SAMPLE-kv.vault.AZURE.net:443", suffix)->text, "sample-kv.vault.azure.net");
    EXPECT_FALSE(parse_vault_host("vault.azure.net", suffix));
    EXPECT_FALSE(parse_vault_host("", suffix));
    EXPECT_FALSE(parse_vault_host("sample-kv.vault.azure.net:443", "vault.azure.net:8443"));
}

TEST(SecretRef, NamesAreComparedWithoutCase) {
    SecretRef const a{{"abc.vault.azure.net"}, "Name"};
    EXPECT_EQ(a, (SecretRef{{"abc.vault.azure.net"}, "nAME"}));
    EXPECT_NE(a, (SecretRef{{"abc.vault.azure.net"}, "Name2"}));
    EXPECT_NE(a, (SecretRef{{"abd.vault.azure.net"}, "Name"}));
    EXPECT_EQ(a.key(), "abc.vault.azure.net/name");
    EXPECT_EQ(a.url(), "https://abc.vault.azure.net/secrets/Name");
}

TEST(SecretNames, HaveTheirCharacters) {
    for (std::string_view const good : {"a", "0", "-", "Az09-"}) EXPECT_TRUE(is_secret_name(good)) << good;
    for (std::string_view const bad : {"", "a b", "a.b", "a_b", "a/b", "a\n", "\xc3\xa9"})
        EXPECT_FALSE(is_secret_name(bad)) << bad;
    EXPECT_TRUE(is_secret_name(std::string(127, 'x')));
    EXPECT_FALSE(is_secret_name(std::string(128, 'x')));
    EXPECT_TRUE(is_secret_version(version));
    EXPECT_TRUE(is_secret_version("EE059B2BB5BC48398A53B168C6CDCB10"));
    for (std::string_view const bad : {"", "aaa", "ee059b2bb5bc48398a53b168c6cdcb1",
                                       "ee059b2bb5bc48398a53b168c6cdcb100", "ge059b2bb5bc48398a53b168c6cdcb10"})
        EXPECT_FALSE(is_secret_version(bad)) << bad;
}

}  // namespace
}  // namespace kssedr::rotation
