/// URLs that must not be taken for a secret's under the suffix `vault.azure.net`: each could lead a request elsewhere,
/// or is what such an attempt looks like. Read by the parser's own test and by that of the events that carry such URLs.

#pragma once

#include <string>
#include <vector>

namespace kssedr::test {

struct HostileUrl {
    char const* name;
    std::string url;
};

inline std::vector<HostileUrl> hostile_urls() {
    using namespace std::string_literals;
    auto const https = [](std::string const& rest) { return "https://" + rest; };
    std::string const path = "/secrets/s/ee059b2bb5bc48398a53b168c6cdcb10";
    std::string const good = "sample-kv.vault.azure.net";
    return {
        {"nothing", ""},
        {"no scheme", good + path},
        {"no scheme, slashes", "//" + good + path},
        {"http", "http://" + good + path},
        {"another scheme", "ftp://" + good + path},
        {"a file", "file:///secrets/s"},
        {"one slash", "https:/" + good + path},
        {"backslashes", "https:\\\\" + good + path},
        {"a blank in the scheme", "https ://" + good + path},
        {"a blank before the host", https(" " + good + path)},
        {"no host", "https:///secrets/s"},
        {"only the suffix", https("vault.azure.net" + path)},
        {"a dot and the suffix", https(".vault.azure.net" + path)},
        {"another host", https("evil.example" + path)},
        {"the host as a path of another", https("evil.example/" + good + path)},
        {"the host as a fragment of another", https("evil.example/#." + good + path)},
        {"a fragment right after the host", https("evil.example#." + good + path)},
        {"the host as a query of another", https("evil.example?." + good + path)},
        {"a backslash after the host", https("evil.example\\." + good + path)},
        {"a semicolon", https("evil.example;." + good + path)},
        {"the host as a user", https(good + "@evil.example" + path)},
        {"a user", https("user@" + good + path)},
        {"a user and password", https("user:pw@" + good + path)},
        {"a user that looks like the host", https("sample-kv.vault.azure.net:443@evil.example" + path)},
        {"an at sign within the name", https("a@b.vault.azure.net" + path)},
        {"the suffix of another's domain", https(good + ".evil.example" + path)},
        {"the suffix glued to another's", https("sample-kv.evilvault.azure.net" + path)},
        {"two labels before the suffix", https("a.sample-kv.vault.azure.net" + path)},
        {"a dot at the end of the host", https(good + "." + path)},
        {"two dots at the end of the host", https(good + ".." + path)},
        {"two dots inside", https("sample-kv..vault.azure.net" + path)},
        {"a cut suffix", https("sample-kv.vault.azure.ne" + path)},
        {"another cloud", https("sample-kv.vault.azure.cn" + path)},
        {"another port", https(good + ":8443" + path)},
        {"port 80", https(good + ":80" + path)},
        {"an empty port", https(good + ":" + path)},
        {"a padded port", https(good + ":0443" + path)},
        {"a port and a letter", https(good + ":443x" + path)},
        {"two ports", https(good + ":443:443" + path)},
        {"an address", https("127.0.0.1" + path)},
        {"an IPv6 address", https("[::1]" + path)},
        {"an address as the name", https("127.0.0.1.vault.azure.net" + path)},
        {"the metadata service", https("169.254.169.254" + path)},
        {"a number as a host", https("2130706433" + path)},
        {"a Cyrillic letter", https("s\xd0\xb0mple-kv.vault.azure.net" + path)},
        {"a fullwidth dot", https("sample-kv\xef\xbc\x8e"s + "vault.azure.net" + path)},
        {"an ideographic full stop", https("sample-kv\xe3\x80\x82"s + "vault.azure.net" + path)},
        {"a fullwidth slash", https("evil.example\xef\xbc\x8f"s + "." + good + path)},
        {"a zero width space", https("sample\xe2\x80\x8b-kv.vault.azure.net" + path)},
        {"a soft hyphen", https("sample\xc2\xad-kv.vault.azure.net" + path)},
        {"a dotless i", https("sample-kv.vault.azure.net\xc4\xb1"s + path)},
        {"the Kelvin sign", https("sample-\xe2\x84\xaav.vault.azure.net" + path)},
        {"punycode", https("xn--smple-kv-8fg.vault.azure.net" + path)},
        {"percent-encoding in the host", https("sample%2dkv.vault.azure.net" + path)},
        {"an encoded slash in the host", https("evil.example%2f." + good + path)},
        {"an encoded at sign", https("a%40sample-kv.vault.azure.net" + path)},
        {"an underscore", https("sample_kv.vault.azure.net" + path)},
        {"a name too short", https("kv.vault.azure.net" + path)},
        {"a name too long", https("abcdefghijklmnopqrstuvwxy.vault.azure.net" + path)},
        {"a name that begins with a digit", https("1sample-kv.vault.azure.net" + path)},
        {"a name that ends in a hyphen", https("sample-.vault.azure.net" + path)},
        {"a NUL in the host", https("evil.example\0."s + good + path)},
        {"a NUL at the end", https(good + path + "\0"s)},
        {"a line end in the host", https("sample-kv\r\n.vault.azure.net" + path)},
        {"a header injected", https(good + "/secrets/s HTTP/1.1\r\nHost: evil.example")},
        {"a tab in the host", https("sample-kv\t.vault.azure.net" + path)},
        {"a blank in the path", https(good + "/secrets/s s")},
        {"a query", https(good + path + "?api-version=1")},
        {"a fragment", https(good + path + "#x")},
        {"no path", https(good)},
        {"an empty path", https(good + "/")},
        {"no name", https(good + "/secrets")},
        {"an empty name", https(good + "/secrets/")},
        {"an empty name and version", https(good + "/secrets//ee059b2bb5bc48398a53b168c6cdcb10")},
        {"a key", https(good + "/keys/s/ee059b2bb5bc48398a53b168c6cdcb10")},
        {"other case of the path", https(good + "/Secrets/s")},
        {"two slashes", https(good + "//secrets/s")},
        {"dots in the path", https(good + "/secrets/../keys/s")},
        {"a dot as a name", https(good + "/secrets/..")},
        {"encoded dots", https(good + "/secrets/%2e%2e")},
        {"an encoded slash in the name", https(good + "/secrets/a%2fb")},
        {"a dot in the name", https(good + "/secrets/a.b")},
        {"an underscore in the name", https(good + "/secrets/a_b")},
        {"a name of another script", https(good + "/secrets/n\xc3\xa9")},
        {"a name too long for a secret", https(good + "/secrets/" + std::string(128, 'n'))},
        {"a version that can be none", https(good + "/secrets/s/aaa")},
        {"a version too long", https(good + "/secrets/s/ee059b2bb5bc48398a53b168c6cdcb100")},
        {"a letter that is no digit", https(good + "/secrets/s/ge059b2bb5bc48398a53b168c6cdcb10")},
        {"something after the version", https(good + path + "/x")},
        {"two slashes at the end", https(good + path + "//")},
        {"the versions", https(good + "/secrets/s/versions")},
        {"a long one", https(good + "/secrets/" + std::string(100'000, 'n'))},
        {"a byte order mark", "\xef\xbb\xbf" + https(good + path)},
        {"a right-to-left override", https("sample-kv\xe2\x80\xae.vault.azure.net" + path)},
    };
}

}  // namespace kssedr::test
