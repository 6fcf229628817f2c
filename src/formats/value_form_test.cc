#include "formats/value_form.h"

#include "base/encoding.h"
#include "formats/json_text.h"
#include "support/seeded_random.h"
#include "support/storage_shape.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace kssedr::formats {
namespace {

rotation::CredentialShape storage_shape() {
    return test::storage_shape("contoso");
}

std::string random_key(Random& random, std::size_t bytes = 64) {
    std::string key(bytes, '\0');
    random.fill(key);
    return format_base64(key);
}

// Two keys that hold every character base64 has.
std::string const key = format_base64(std::string("\xfb\xff\xbf", 3) + std::string(61, 'a'));
std::string const new_key = format_base64(std::string(61, 'b') + std::string("\x00\x10\x83", 3));

Result<ValueForm> form_of(std::string_view text, rotation::CredentialShape const& shape = storage_shape()) {
    return parse_value_form(SecretString::copy_of(text), shape);
}

std::string replaced(std::string_view text, ValueForm const& form, std::string_view credential) {
    auto const value = replace_credential(SecretString::copy_of(text), form, SecretString::copy_of(credential));
    return std::string(value.expose());
}

struct Good {
    char const* name;
    std::string before;  // what stands before the credential
    std::string after;
    ValueKind kind;
};

std::vector<Good> good_values() {
    std::string const cs = "DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=";
    return {
        {"a bare key", "", "", ValueKind::raw},
        {"a line end after it", "", "\n", ValueKind::raw},
        {"blanks around it", " \t\r\n", " \r\n\r\n", ValueKind::raw},
        {"the portal's connection string", cs, ";EndpointSuffix=core.windows.net", ValueKind::connection_string},
        {"a semicolon at the end", cs, ";EndpointSuffix=core.windows.net;", ValueKind::connection_string},
        {"the key last", "EndpointSuffix=core.windows.net;" + cs, "", ValueKind::connection_string},
        {"the key first", "AccountKey=", ";AccountName=contoso", ValueKind::connection_string},
        {"other case", "accountname=CONTOSO;ACCOUNTKEY=", ";endpointsuffix=Core.Windows.Net",
         ValueKind::connection_string},
        {"blanks everywhere", " AccountName = contoso ;; AccountKey = ", " ; \n", ValueKind::connection_string},
        {"a line a member", "AccountName=contoso;\nAccountKey=", ";\nEndpointSuffix=core.windows.net\n",
         ValueKind::connection_string},
        {"unknown members", "Foo=bar=baz;AccountName=contoso;AccountKey=", ";Flag=;Ω=é", ValueKind::connection_string},
        {"development storage denied", "UseDevelopmentStorage=false;AccountName=contoso;AccountKey=", "",
         ValueKind::connection_string},
        {"its own endpoints",
         "BlobEndpoint=https://contoso.blob.core.windows.net/;QueueEndpoint=HTTP://Contoso.queue.core.windows.net:80;"
         "BlobSecondaryEndpoint=https://contoso-secondary.blob.core.windows.net;AccountName=contoso;AccountKey=",
         ";TableEndpoint=https://contoso.z12.table.core.windows.net:443/path", ValueKind::connection_string},
        {"a member in an object", R"({"accountName":"contoso","key":")", R"(","n":[1,2.5e3,null,true]})",
         ValueKind::json},
        {"an element", R"([")", R"("])", ValueKind::json},
        {"deep, and formatted", "\n{\n  \"a\" : { \"b\" : [ { \"AccountKey\" : \"",
         "\" } ] },\n \"u\":\"\\u0041\\/\\\\\" }\n", ValueKind::json},
        {"blanks inside the string", R"({"k":" \n)", R"( \u0020"})", ValueKind::json},
        {"a connection string in a document", R"({"conn":"AccountName=contoso;AccountKey=)",
         R"(;EndpointSuffix=core.windows.net"})", ValueKind::json},
        {"an escaped connection string", R"({"conn":"\u0041ccountName=contoso;\n\"x\"=\ud83d\ude00;Accoun\u0074Key=)",
         R"(;BlobEndpoint=https:\/\/contoso.blob.core.windows.net\/"})", ValueKind::json},
        {"other strings",
         R"({"note":"AccountKey","version":"1.2.3.4","type":"Microsoft.Storage.Blob","at":"2026-01-15T09:30:12Z",)"
         R"("file":"appsettings.json","mail":"ops@contoso.com","path":"a//b.c","other":"//8=","key":")",
         R"(","say":"a credential of the web shop; ask a=b at 12:30, and/or read C:/x","image":"redis:7"})",
         ValueKind::json},
        {"its own hosts",
         R"({"host":"contoso.blob.core.windows.net","url":["https://contoso.queue.core.windows.net/"],"server":"",)"
         R"("storageAccount":"/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/contoso",)"
         R"("text":"It is at contoso.table.core.windows.net. Or at https://contoso.blob.core.windows.net/x, too","key":")",
         R"(","account":{"name":"contoso"},"blobEndpoint":null})", ValueKind::json},
        {"settings in a list", R"([{"name":"AccountName","value":"contoso"},{"name":"AccountKey","value":")",
         R"("},{"name":"Note","value":"x"}])", ValueKind::json},
    };
}

TEST(ValueForm, FindsTheCredentialAndKeepsTheRest) {
    for (auto const& [name, before, after, kind] : good_values()) {
        SCOPED_TRACE(name);
        auto const text = before + key + after;
        auto const form = form_of(text);
        ASSERT_TRUE(form) << form.error().message();
        EXPECT_EQ(*form, (ValueForm{kind, before.size(), key.size()}));
        EXPECT_TRUE(credential_in(SecretString::copy_of(text), *form).equals(key));
        EXPECT_EQ(replaced(text, *form, new_key), before + new_key + after);
    }
}

// Some characters of the key as JSON may also write them.
std::string with_escapes(std::string_view text, Random& random) {
    std::string out;
    for (char const c : text) {
        auto const way = random.below(4);
        if (way == 0)
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        else if (way == 1)
            out += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
        else if (way == 2 && c == '/')
            out += "\\/";
        else
            out += c;
    }
    return out;
}

TEST(ValueForm, EscapedCredentialsAreFoundAndReplacedPlainly) {
    test::SeededRandom random(7);
    for (auto const& [name, before, after, kind] : good_values()) {
        if (kind != ValueKind::json) continue;
        SCOPED_TRACE(name);
        auto const escaped = with_escapes(key, random);
        auto const text = before + escaped + after;
        auto const form = form_of(text);
        ASSERT_TRUE(form) << form.error().message();
        EXPECT_EQ(*form, (ValueForm{kind, before.size(), escaped.size()}));
        EXPECT_TRUE(credential_in(SecretString::copy_of(text), *form).equals(key));
        EXPECT_EQ(replaced(text, *form, new_key), before + new_key + after);
    }
}

TEST(ValueForm, EscapesWhatJsonNeedsEscaped) {
    auto const text = R"({"k":")" + key + "\"}";
    auto const form = form_of(text);
    ASSERT_TRUE(form);
    EXPECT_EQ(replaced(text, *form, "a\"b\\c\n\x1f/é"), R"({"k":"a\"b\\c\u000a\u001f/é"})");
    EXPECT_EQ(replaced(text, *form, ""), R"({"k":""})");
}

std::string all_escaped(std::string_view text) {
    std::string out;
    for (char const c : text) out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    return out;
}

struct Bad {
    char const* name;
    std::string text;
    std::string_view says;
};

TEST(ValueForm, RefusesWhatItDoesNotUnderstand) {
    std::string const cs = "AccountName=contoso;AccountKey=" + key;
    std::string const short_key = format_base64(std::string(32, 'x'));
    auto const json = [](std::string const& members) { return "{" + members + "}"; };
    auto const member = [](std::string const& name, std::string const& value) {
        return '"' + name + "\":" + format_json_string(value);
    };
    auto const k = member("k", key);
    Bad const cases[] = {
        {"nothing", "", "empty"},
        {"blanks", " \n\t", "empty"},
        {"text", "hello", "no bare credential"},
        {"a key of another size", short_key, "no bare credential"},
        {"a key without padding", key.substr(0, 86), "no bare credential"},
        {"a key with one padding", key.substr(0, 87), "no bare credential"},
        {"two keys", key + '\n' + key, "no bare credential"},
        {"a key in quotes", '"' + key + '"', "no bare credential"},
        {"URL-safe base64",
         [] {
             auto text = key;
             text[0] = '-';
             return text;
         }(),
         "no bare credential"},
        {"NUL after the key", key + std::string(1, '\0'), "no bare credential"},
        {"a byte order mark", "\xef\xbb\xbf" + key, "no bare credential"},
        {"another account", "AccountName=other;AccountKey=" + key, "AccountName is not contoso"},
        {"a longer name", "AccountName=contoso2;AccountKey=" + key, "AccountName is not contoso"},
        {"no account", "AccountKey=" + key, "no AccountName"},
        {"no account but an endpoint", "BlobEndpoint=https://contoso.blob.core.windows.net;AccountKey=" + key,
         "no AccountName"},
        {"two accounts", cs + ";AccountName=contoso", "more than one AccountName"},
        {"two accounts that differ", cs + ";AccountName=other", "AccountName is not contoso"},
        {"two keys in it", cs + ";AccountKey=" + new_key, "more than one AccountKey"},
        {"no key", "AccountName=contoso;EndpointSuffix=core.windows.net", "no AccountKey"},
        {"an empty key", "AccountName=contoso;AccountKey=", "has not the form"},
        {"a key of another size in it", "AccountName=contoso;AccountKey=" + short_key, "has not the form"},
        {"a placeholder", "AccountName=contoso;AccountKey={key}", "has not the form"},
        {"a quoted key", "AccountName=contoso;AccountKey=\"" + key + '"', "has not the form"},
        {"a part without =", cs + ";Secure", "not of the form Name=value"},
        {"a part without a name", cs + ";=x", "not of the form Name=value"},
        {"a shared access signature", cs + ";SharedAccessSignature=sv=1", "other kinds of credential"},
        {"one of other case", cs + "; sharedaccesssignature =", "other kinds of credential"},
        {"development storage", "UseDevelopmentStorage=true", "no bare credential"},
        {"development storage and a key", cs + ";UseDevelopmentStorage=true", "development storage"},
        {"another suffix", cs + ";EndpointSuffix=core.chinacloudapi.cn", "EndpointSuffix is not core.windows.net"},
        {"a suffix with a port", cs + ";EndpointSuffix=core.windows.net:8443", "EndpointSuffix is not"},
        {"a suffix with a dot", cs + ";EndpointSuffix=core.windows.net.", "EndpointSuffix is not"},
        {"a URL under an unknown name", cs + ";Proxy=http://proxy.example/", "a URL in it"},
        {"the key a second time", cs + ";Note=" + key, "more than one place"},
        {"the key in a comment, percent-encoded", cs + ";Note=x%2B%2F%2B%2F" + key.substr(4, 82) + "%3D%3D",
         "more than one place"},
        {"broken JSON", R"({"k":")" + key + '"', "not JSON"},
        {"JSON and more", json(k) + "x", "not JSON"},
        {"a trailing comma", "[\"" + key + "\",]", "not JSON"},
        {"a comment", "[\"" + key + "\"/**/]", "not JSON"},
        {"single quotes", "['" + key + "']", "not JSON"},
        {"no credential in it", R"({"a":"b"})", "no place"},
        {"an empty document", "{}", "no place"},
        {"a credential as a name only", json(member(key, "x")), "no place"},
        {"two credentials", json(k + ',' + member("l", new_key)), "more than one place"},
        {"the same twice", json(k + ',' + member("l", key)), "more than one place"},
        {"a key and a connection string", json(k + ',' + member("l", cs)), "more than one place"},
        {"the key as a name as well", json(k + ',' + member(key, "x")), "more than one place"},
        {"the key in a URL as well", json(k + ',' + member("mongo", "mongodb://contoso:" + key + "@contoso.example/")),
         "a URL in it"},
        {"the key hidden by escapes", json(k + R"(,"u":"x)" + all_escaped(key) + '"'), "more than one place"},
        {"the key hidden by escapes in the same string",
         json(R"("c":"AccountName=contoso;AccountKey=)" + key + ";Note=" + all_escaped(key) + '"'),
         "more than one place"},
        {"the key hidden by escapes in a name", json(k + ",\"" + all_escaped(key) + R"(":1)"), "more than one place"},
        {"another account in it", json(k + ',' + member("accountName", "other")), "AccountName is not contoso"},
        {"an escaped name of it", json(k + R"(,"account\u004eame":"other")"), "AccountName is not contoso"},
        {"another account deeper", json(k + R"(,"a":[{"ACCOUNTNAME":"other"}])"), "AccountName is not contoso"},
        {"another account's connection string",
         json(k + ',' + member("c", "AccountName=other;SharedAccessSignature=x")), "the value is not understood"},
        {"another endpoint in it", json(k + ',' + member("blobEndpoint", "https://other.blob.core.windows.net")),
         "an endpoint in it"},
        {"another suffix in it", json(k + ',' + member("endpointSuffix", "core.chinacloudapi.cn")),
         "EndpointSuffix is not"},
        {"a signature in it", json(k + ',' + member("sharedAccessSignature", "sv=1")), "other kinds"},
        {"a key member without one", json(k + ',' + member("accountKey", "{key}")), "has not the form"},
        {"a bad connection string in it", json(member("c", "AccountName=other;AccountKey=" + key)),
         "AccountName is not contoso"},
        {"a document in a string", json(member("d", json(k))), "no place"},
        {"a credential that is a number", R"({"k":1234})", "no place"},
        {"deep", std::string(65, '[') + '"' + key + '"' + std::string(65, ']'), "nested deeper"},
        {"very deep", std::string(25'000, '['), "nested deeper"},
    };
    for (auto const& [name, text, says] : cases) {
        SCOPED_TRACE(name);
        auto const form = form_of(text);
        ASSERT_FALSE(form);
        EXPECT_EQ(form.error().code(), Errc::invalid_argument);
        auto const& message = form.error().message();
        EXPECT_NE(message.find(says), std::string::npos) << message;
        EXPECT_EQ(message.find(key.substr(0, 8)), std::string::npos) << "an error may hold no part of the value";
        EXPECT_EQ(message.find("other.blob"), std::string::npos) << message;
    }
}

// A value that sends its credential elsewhere, whatever the member is called (CONTRACT 5).
TEST(ValueForm, RefusesToNameAForeignHost) {
    struct Case {
        char const* name;
        char const* value;
    };
    Case const cases[] = {
        {"endpoint", "https://evil.example"},
        {"x", "https://evil.example"},
        {"x", "  HTTPS://evil.example/contoso.blob.core.windows.net"},
        {"x", "https://contoso@evil.example/"},
        {"x", R"(https:\\evil.example)"},
        {"x", "https:evil.example"},
        {"x", "https%3A%2F%2Fevil.example"},
        {"x", "jdbc:sqlserver://db.example;user=a"},
        {"x", "see https://wiki.example/runbook"},
        {"x", "see //wiki.example/runbook"},
        {"x", "https://contoso.blob.core.windows.net/ and https://evil.example"},
        {"x", "//evil"},
        {"x", R"(\\evil\share)"},
        {"x", "//[::1]/"},
        {"x", "evil.example:443"},
        {"x", "www.evil.example"},
        {"x", "other.vault.azure.net"},
        {"x", "other.blob.core.windows.net"},
        {"x", "at other.blob.core.windows.net."},
        {"x", "contoso.blob.core.windows.net.evil"},
        {"x", "Server=db.evil.example;Password=y"},
        {"x", "Server=db;Password=y"},
        {"FooEndpoint", "//evil"},
        {"FooEndpoint", "evil"},
        {"foo-endpoints", "evil"},
        {"host", "evil"},
        {"HOST\xc2\xa0NAME", "10.0.0.1"},
        {"db_server", "evil"},
        {"blob_endpoint", "https://other.blob.core.windows.net"},
        {"BlobEndpoint\xc2\xa0", "https://other.blob.core.windows.net"},
        {"AccountName\xc2\xa0", "other"},
        {"account_name", "other"},
        {"storageAccountName", "other"},
        {"storageAccount", "other"},
        {"account", "/subscriptions/s/providers/Microsoft.Storage/storageAccounts/other"},
        {"Endpoint\xc2\xa0Suffix", "evil.example"},
        {"https://evil.example", "x"},
    };
    for (auto const& [name, value] : cases) {
        SCOPED_TRACE(std::string(name) + " = " + value);
        auto const text = format_json_string(value);
        auto const key_too = R"(,"AccountKey":")" + key + "\"}";
        EXPECT_FALSE(form_of(fmt::format("{{{}:{}{}", format_json_string(name), text, key_too)));
        EXPECT_FALSE(form_of(fmt::format(R"({{"o":{{{}:[1,[{}]]}}{})", format_json_string(name), text, key_too)));
        EXPECT_FALSE(form_of(fmt::format(R"({{{}:{{"value":{}}}{})", format_json_string(name), text, key_too)));
        EXPECT_FALSE(form_of(fmt::format(R"([{{"value":{},"name":{}}},"{}"])", text, format_json_string(name), key)));
        if (std::string_view(value).find(';') == std::string_view::npos) {
            EXPECT_FALSE(form_of(fmt::format("AccountName=contoso;AccountKey={};{}={}", key, name, value)));
        }
    }
    EXPECT_FALSE(form_of(R"({"storageAccount":{"name":"other"},"key":")" + key + "\"}"));
    EXPECT_FALSE(form_of(R"({"https://evil.example":null,"key":")" + key + "\"}"));
    EXPECT_FALSE(form_of(R"(["https://evil.example",")" + key + "\"]"));
}

TEST(ValueForm, EndpointsMustBeTheOwners) {
    struct Case {
        char const* url;
        bool is_owners;
    };
    Case const cases[] = {
        {"https://contoso.blob.core.windows.net", true},
        {"https://contoso.blob.core.windows.net/", true},
        {"https://contoso.blob.core.windows.net:443/", true},
        {"http://contoso.blob.core.windows.net:80", true},
        {"https://CONTOSO-Secondary.Blob.Core.Windows.Net", true},
        {"https://contoso.z6.web.core.windows.net/", true},
        {"", false},
        {"contoso.blob.core.windows.net", false},
        {"//contoso.blob.core.windows.net", false},
        {"://contoso.blob.core.windows.net", false},
        {"https://contoso.core.windows.net", false},
        {"https://.contoso.blob.core.windows.net", false},
        {"https://contoso..core.windows.net", false},
        {"https://contoso.blob.core.windows.net.", false},
        {"https://contoso.blob.core.windows.net.evil.example", false},
        {"https://contoso.blob.evilcore.windows.net", false},
        {"https://contoso.blobcore.windows.net", false},
        {"https://other.blob.core.windows.net", false},
        {"https://contoso2.blob.core.windows.net", false},
        {"https://contoso-tertiary.blob.core.windows.net", false},
        {"https://contoso.blob.core.windows.net:8443", false},
        {"http://contoso.blob.core.windows.net:443", false},
        {"https://contoso.blob.core.windows.net:", false},
        {"https://contoso@evil.example/.blob.core.windows.net", false},
        {"https://evil.example/contoso.blob.core.windows.net", false},
        {"https://evil.example#contoso.blob.core.windows.net", false},
        {"https://evil.example?contoso.blob.core.windows.net", false},
        {"https://evil.example\\contoso.blob.core.windows.net", false},
        {"https://user:pw@contoso.blob.core.windows.net", false},
        {"https://contoso.blob.core.windows.net/?sv=2021&sig=x", false},
        {"https://contoso.blob.core.windows.net/#x", false},
        {"https://cont oso.blob.core.windows.net", false},
        {"https://cont%6fso.blob.core.windows.net", false},
        {"https://127.0.0.1:10000/contoso", false},
        {"https://c\xd0\xbentoso.blob.core.windows.net", false},
    };
    for (auto const& [url, is_owners] : cases) {
        auto const text = fmt::format("AccountName=contoso;AccountKey={};BlobEndpoint={}", key, url);
        EXPECT_EQ(form_of(text).has_value(), is_owners) << url;
        auto const document = fmt::format(R"({{"blobEndpoint":{},"key":"{}"}})", format_json_string(url), key);
        EXPECT_EQ(form_of(document).has_value(), is_owners) << url;
    }
}

TEST(ValueForm, ASuffixWithAPortIsComparedWhole) {
    auto shape = test::storage_shape("contoso", "storage.localhost:10443");
    auto const with = [&](std::string_view more) {
        return form_of("AccountName=contoso;AccountKey=" + key + ';' + std::string(more), shape).has_value();
    };
    EXPECT_TRUE(with("EndpointSuffix=storage.localhost:10443"));
    EXPECT_FALSE(with("EndpointSuffix=storage.localhost"));
    EXPECT_TRUE(with("BlobEndpoint=https://contoso.blob.storage.localhost:10443/"));
    EXPECT_FALSE(with("BlobEndpoint=https://contoso.blob.storage.localhost/"));
    EXPECT_FALSE(with("BlobEndpoint=https://contoso.blob.storage.localhost:443/"));
    EXPECT_FALSE(with("BlobEndpoint=https://contoso.blob.storage.localhost:10444/"));
    EXPECT_FALSE(with("BlobEndpoint=https://contoso.blob.storage.localhost:10443:443/"));
    shape = test::storage_shape("contoso", "storage.localhost:443");
    EXPECT_TRUE(with("BlobEndpoint=https://contoso.blob.storage.localhost:443/"));
    EXPECT_FALSE(with("BlobEndpoint=https://contoso.blob.storage.localhost/"));
}

TEST(ValueForm, AShapeWithoutAnOwnerMemberNeedsAnEndpoint) {
    rotation::CredentialShape const shape{.owner_name = "contoso",
                                          .keys = {{.least = 32, .most = 32}},
                                          .key_member = "SharedAccessKey",
                                          .owner_member = "",
                                          .needed_members = {},
                                          .endpoint_members = {"Endpoint"},
                                          .hosts = {"contoso.servicebus.windows.net"}};
    auto const sas = format_base64(std::string(32, 'k'));
    EXPECT_TRUE(form_of("Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=" + sas,
                        shape));
    EXPECT_FALSE(
        form_of("Endpoint=sb://other.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=" + sas, shape));
    EXPECT_FALSE(form_of("SharedAccessKeyName=Root;SharedAccessKey=" + sas, shape));
}

// A random value of some form around `credential`.
std::string random_value(Random& random, std::string_view credential) {
    auto const blanks = [&] { return std::string(random.below(3), " \t\n"[random.below(3)]); };
    auto const word = [&] {
        std::string text = "w";  // at its start two slashes would name a host
        for (auto i = random.below(12); i > 0; --i) text += "abcXYZ019-_ é/\\\"{}[],"[random.below(22)];
        return text;
    };
    auto const connection_string = [&] {
        std::vector<std::string> members = {blanks() + "AccountName" + blanks() + "=contoso",
                                            "AccountKey=" + blanks() + std::string(credential) + blanks()};
        if (random.below(2) == 0) members.emplace_back("EndpointSuffix=core.windows.net");
        if (random.below(2) == 0)
            members.emplace_back("QueueEndpoint=https://contoso.queue.core.windows.net/" +
                                 std::string(random.below(4), 'p'));
        if (random.below(2) == 0) members.emplace_back("X" + std::to_string(random.below(99)) + "=" + word());
        for (std::size_t i = members.size() - 1; i > 0; --i) std::swap(members[i], members[random.below(i + 1)]);
        std::string text;
        for (auto const& member : members) text += (text.empty() ? "" : ";") + member;
        return text + std::string(random.below(3), ';');
    };
    switch (random.below(3)) {
    case 0: return blanks() + std::string(credential) + blanks();
    case 1: return blanks() + connection_string() + blanks();
    default: break;
    }
    std::string text =
        format_json_string(random.below(2) == 0 ? blanks() + std::string(credential) : connection_string());
    if (random.below(3) == 0)
        text = '"' +
               with_escapes(random.below(2) == 0 ? std::string(credential)
                                                 : "AccountName=contoso;AccountKey=" + std::string(credential),
                            random) +
               '"';
    for (auto depth = 1 + random.below(5); depth > 0; --depth) {
        auto const other = format_json_string(word());
        if (random.below(2) == 0)
            text = '[' + blanks() + other + blanks() + ',' + blanks() + text + blanks() + ']';
        else
            text = "{\"n" + std::to_string(random.below(99)) + "\":" + other + ',' + blanks() + "\"m\"" + blanks() +
                   ':' + text + blanks() + '}';
    }
    return blanks() + text + blanks();
}

TEST(ValueForm, PropertiesOfRandomValues) {
    for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
        test::SeededRandom random(seed);
        SCOPED_TRACE(seed);
        auto const old_key = random_key(random);
        auto const next_key = random_key(random);
        auto const text = random_value(random, old_key);
        auto const form = form_of(text);
        ASSERT_TRUE(form) << form.error().message() << '\n' << text;
        auto const value = SecretString::copy_of(text);
        EXPECT_TRUE(credential_in(value, *form).equals(old_key));

        auto const next = replaced(text, *form, next_key);
        EXPECT_EQ(next.substr(0, form->offset), text.substr(0, form->offset));
        EXPECT_EQ(next.substr(form->offset + next_key.size()), text.substr(form->offset + form->length));
        auto const next_form = form_of(next);
        ASSERT_TRUE(next_form) << next_form.error().message();
        EXPECT_EQ(next_form->kind, form->kind);
        EXPECT_EQ(next_form->offset, form->offset);
        EXPECT_TRUE(credential_in(SecretString::copy_of(next), *next_form).equals(next_key));

        // Putting the credential back gives the value again, but for escapes that need not be.
        auto const back = replaced(next, *next_form, old_key);
        EXPECT_EQ(back, text.substr(0, form->offset) + old_key + text.substr(form->offset + form->length));
        if (form->length == old_key.size()) {
            EXPECT_EQ(back, text);
        }
    }
}

TEST(ValueForm, TheLargestValueIsRead) {
    std::string text = R"({"k":")" + key + R"(","fill":")";
    text += std::string(25'600 - text.size() - 2, 'f') + "\"}";
    EXPECT_TRUE(form_of(text));
}

}  // namespace
}  // namespace kssedr::formats
