#include "azure/url.h"

#include <gtest/gtest.h>

namespace kssedr::azure {
namespace {

TEST(Url, FindsWhomATokenWouldGoTo) {
    struct Case {
        std::string_view url;
        std::optional<std::string> authority;
    };
    Case const cases[] = {
        {"https://contoso.vault.azure.net", "contoso.vault.azure.net"},
        {"https://Contoso.Vault.Azure.Net/secrets?x=y", "contoso.vault.azure.net"},
        {"HTTPS://contoso.vault.azure.net:443/", "contoso.vault.azure.net"},
        {"https://demo.vault.localhost:8443/", "demo.vault.localhost:8443"},
        {"https://a.net?b", "a.net"},
        {"https://a.net#b", "a.net"},
        {"http://a.net/", {}},
        {"https://user@a.net/", {}},
        {"https://a.net:443@evil.net/", {}},
        {"https://a.net\\@evil.net/", {}},
        {"https://a.net%2eevil.net/", {}},
        {"https://a.net:/", {}},
        {"https://a.net:80a/", {}},
        {"https://a.net:123456/", {}},
        {"https://[::1]/", {}},
        {"https:///secrets", {}},
        {"https://", {}},
        {"//a.net/", {}},
        {"", {}},
    };
    for (auto const& [url, authority] : cases) EXPECT_EQ(find_https_authority(url), authority) << url;
}

TEST(Url, KnowsAParent) {
    struct Case {
        std::string_view host;
        std::string_view parent;
        bool is_under;
    };
    constexpr Case cases[] = {
        {"contoso.vault.azure.net", "vault.azure.net", true},
        {"contoso.vault.azure.net:8443", "vault.azure.net", true},
        {"CONTOSO.vault.azure.net", "Vault.Azure.net", true},
        {"management.azure.com", "management.azure.com", true},
        {"evilvault.azure.net", "vault.azure.net", false},
        {"contoso.vault.azure.net.evil.net", "vault.azure.net", false},
        {"vault.azure.net", "contoso.vault.azure.net", false},
        {"a.net", "", false},
    };
    for (auto const& [host, parent, is_under] : cases)
        EXPECT_EQ(is_host_under(host, parent), is_under) << host << ' ' << parent;
}

}  // namespace
}  // namespace kssedr::azure
