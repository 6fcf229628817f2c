#include "fuzz/targets.h"

#include "base/ascii.h"
#include "base/check.h"
#include "formats/events.h"
#include "formats/invocation.h"
#include "formats/json_cursor.h"
#include "formats/json_text.h"
#include "formats/login_value.h"
#include "formats/outcome_json.h"
#include "formats/push.h"
#include "formats/value_form.h"
#include "fuzz/azure_targets.h"
#include "rotation/arm_id.h"
#include "rotation/owner_id.h"
#include "rotation/secret_ref.h"
#include "support/storage_shape.h"

#include <boost/json/error.hpp>
#include <boost/json/parse.hpp>
#include <boost/url/parse.hpp>

#include <array>

namespace kssedr::fuzz {
namespace {

constexpr std::string_view vault_suffix = "vault.azure.net";

bool lies_in(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

bool is_json(std::string_view text) {
    formats::JsonCursor json(text);
    json.skip();
    return json.finish().has_value();
}

// What is said of an input may be shown anywhere.
void check_error(Error const& error) {
    KSSEDR_CHECK(error.message().size() < 4096, "an error is longer than what it is about");
    KSSEDR_CHECK(escape_for_display(error.message(), error.message().size()) == error.message(),
                 "an error holds what was not escaped");
}

void check_secret(rotation::SecretRef const& secret) {
    KSSEDR_CHECK(secret.vault.text.ends_with(".vault.azure.net"), "a vault of another suffix");
    KSSEDR_CHECK(rotation::is_secret_name(secret.name), "a secret that cannot be one");
    auto const again = rotation::parse_secret_url(secret.url(), vault_suffix);
    KSSEDR_CHECK(again && again->secret == secret, "a URL that is not read again");
}

// The first line is the headers, as `name=value` between blanks; the rest is the body.
void push(std::string_view input) {
    auto const line = input.substr(0, input.find('\n'));
    auto const body = line.size() == input.size() ? std::string_view() : input.substr(line.size() + 1);
    std::vector<std::pair<std::string, std::string>> headers;
    for (auto const word : split(line, ' ')) {
        auto const equals = word.find('=');
        if (equals == std::string_view::npos) continue;
        headers.emplace_back(std::string(word.substr(0, equals)), std::string(word.substr(equals + 1)));
    }
    auto const pushed = formats::parse_push(headers, body);
    if (!pushed) return check_error(pushed.error());
    if (pushed->kind == formats::Push::Kind::validation)
        KSSEDR_CHECK(!pushed->text.empty() && pushed->text.size() <= 256, "a code that is too long");
    if (pushed->kind != formats::Push::Kind::events) return;
    KSSEDR_CHECK(is_json(pushed->text) && formats::is_utf8(pushed->text), "what is kept is no JSON");
    KSSEDR_CHECK(pushed->text.size() <= 12 * (input.size() + 64), "what is kept is far larger than what came");
}

void decode_events(std::string_view input) {
    for (auto const& decoded : formats::decode_events(input, vault_suffix)) {
        KSSEDR_CHECK(lies_in(decoded.source, input), "a source outside its message");
        KSSEDR_CHECK(decoded.id.size() <= 1024, "a long id");
        if (!decoded.event) {
            check_error(decoded.event.error());
        } else if (decoded.event->kind == rotation::EventKind::starts_rotation) {
            check_secret(decoded.event->secret);
            KSSEDR_CHECK(decoded.event->version.empty() || rotation::is_secret_version(decoded.event->version),
                         "a version that can be none");
        }
        auto const poison = formats::format_poison_message(decoded, {.event_id = decoded.id});
        KSSEDR_CHECK(poison.size() <= 32U * 1024, "a poison message too long");
        KSSEDR_CHECK(is_json(poison) && formats::is_utf8(poison), "a poison message that is not JSON");
    }
}

void event_invocation(std::string_view input) {
    std::string body(input);
    auto const parsed = formats::parse_event_invocation(body);
    if (!parsed) return check_error(parsed.error());
    std::size_t total = 0;
    for (auto const message : parsed->messages) {
        KSSEDR_CHECK(lies_in(message, body), "a message outside the body");
        total += message.size();
    }
    KSSEDR_CHECK(total <= body.size(), "messages that share memory");
    KSSEDR_CHECK(parsed->is_last_attempt() || parsed->retry, "an attempt after one that nobody promised");
}

void http_invocation(std::string_view input) {
    std::string body(input);
    auto const parsed = formats::parse_http_invocation(body);
    if (!parsed) return check_error(parsed.error());
    KSSEDR_CHECK(!parsed->method.empty() && !parsed->url.empty(), "a request without method or URL");
}

// The first byte chooses the shape, so that short credentials, which chance finds, are tried as well as real ones.
rotation::CredentialShape shape_of(char choice) {
    auto shape = test::storage_shape("contoso", choice == '2' ? "storage.localhost:10443" : "core.windows.net");
    if (choice == '1' || choice == '2') shape.keys = {{.least = 9, .most = 9}};
    if (choice == '2') shape.owner_member.clear(), shape.needed_members.clear();
    if (choice == '3') {
        shape.keys = {{.kind = rotation::KeyForm::Kind::text, .least = 12, .most = 12, .with = "+/="}};
        shape.hosts = {"contoso.redis.example", "contoso.redis.example:6380"};
        shape.separator = ',';
        shape.key_member = "password";
        shape.owner_member.clear();
        shape.needed_members.clear();
        shape.urls = {{.scheme = "rediss"}, {.scheme = "https", .query_member = "code"}};
    }
    if (choice == '4') {
        shape.keys = {{.kind = rotation::KeyForm::Kind::text, .least = 12, .most = 40, .may_be_uuid = false}};
        shape.hosts = {"login.example.com", "*.database.example.com"};
        shape.key_member.clear();
        shape.owner_member.clear();
        shape.needed_members.clear();
        shape.key_names = {"clientSecret", "password"};
        shape.connections = {{.key_member = "clientSecret", .needed_members = {"id"}, .marks = {{"as", "App"}}},
                             {.key_member = "password", .marks = {{"Authentication", "Service Principal"}}}};
    }
    return shape;
}

void value_form(std::string_view input) {
    if (input.empty()) return;
    auto const shape = shape_of(input.front());
    auto const value = SecretString::copy_of(input.substr(1));
    auto const form = formats::parse_value_form(value, shape);
    if (!form) return check_error(form.error());
    auto const credential = formats::credential_in(value, *form);
    auto const same = formats::replace_credential(value, *form, credential);
    bool const is_as_written = form->kind != formats::ValueKind::json && form->writing == formats::Writing::plain;
    if (is_as_written) KSSEDR_CHECK(same == value, "the same credential makes another value");
    auto const other =
        SecretString::copy_of(shape.keys.front().least == 64 ? std::string(86, 'Q') + "==" : "QRSTuvwx0189");
    for (auto const* next : {&credential, &other}) {
        auto const replaced = formats::replace_credential(value, *form, *next);
        auto const text = value.expose();
        auto const new_text = replaced.expose();
        KSSEDR_CHECK(new_text.starts_with(text.substr(0, form->offset)), "what stands before has changed");
        KSSEDR_CHECK(new_text.ends_with(text.substr(form->offset + form->length)), "what stands after has changed");
        auto const new_form = formats::parse_value_form(replaced, shape);
        // The stand-in may already stand somewhere else in what chance made.
        if (!new_form && next == &other) continue;
        KSSEDR_CHECK(new_form.has_value(), "a value that is not understood once it is written");
        KSSEDR_CHECK(new_form->kind == form->kind && new_form->offset == form->offset, "another place");
        KSSEDR_CHECK(formats::credential_in(replaced, *new_form) == *next, "another credential");
    }
}

// The first byte chooses the kind of database.
rotation::CredentialShape login_shape(char choice, std::string login) {
    rotation::CredentialShape shape;
    shape.owner_name = login;
    shape.keys = {{.kind = rotation::KeyForm::Kind::text,
                   .least = 1,
                   .most = 256,
                   .with = "-_.~!\"#$%&'()*+,/:;<=>?@[\\]^`{|} "}};
    shape.hosts = {"db.example.com", "db.example.com:5432"};
    std::vector<std::string> schemes{"postgresql", "postgres"};
    if (choice == '1') schemes = {"sqlserver", "mssql"};
    if (choice == '2') schemes = {"redis", "rediss"};
    shape.login = rotation::LoginShape{std::move(login), "db.example.com", 5432, 5432, std::move(schemes)};
    return shape;
}

void login_value(std::string_view input) {
    if (input.empty()) return;
    auto const value = SecretString::copy_of(input.substr(1));
    auto const found = formats::parse_login_value(value, login_shape(input.front(), "app"));
    if (!found) return check_error(found.error());
    auto const form = formats::parse_value_form(value, login_shape(input.front(), "app"));
    KSSEDR_CHECK(form && *form == found->password, "two readers see two places");
    auto const old = formats::credential_in(value, found->password);
    KSSEDR_CHECK(!old.empty(), "an empty password");
    for (auto const& place : found->logins)
        KSSEDR_CHECK(formats::credential_in(value, place).equals("app"), "another login");
    auto const other = SecretString::copy_of("QRSTuvwx-0189");
    auto const replaced = formats::replace_login(value, *found, "app_b", other);
    auto const new_shape = login_shape(input.front(), found->logins.empty() ? "app" : "app_b");
    auto const again = formats::parse_login_value(replaced, new_shape);
    // The stand-ins may stand somewhere else in what chance made.
    if (!again) return;
    KSSEDR_CHECK(again->logins.size() == found->logins.size(), "another number of logins");
    KSSEDR_CHECK(again->password.kind == found->password.kind, "another kind of value");
    KSSEDR_CHECK(formats::credential_in(replaced, again->password) == other, "another password");
    auto const back = formats::replace_login(replaced, *again, "app", old);
    auto const last = formats::parse_login_value(back, login_shape(input.front(), "app"));
    KSSEDR_CHECK(last && formats::credential_in(back, last->password) == old, "the way back leads elsewhere");
}

void secret_url(std::string_view input) {
    auto const parsed = rotation::parse_secret_url(input, vault_suffix);
    if (!parsed) return check_error(parsed.error());
    check_secret(parsed->secret);
    // Another parser must send the request to the same host.
    auto const url = boost::urls::parse_uri(input);
    KSSEDR_CHECK(url.has_value(), "not a URL to another parser");
    KSSEDR_CHECK(equals_ignore_case(url->encoded_host(), parsed->secret.vault.text), "another host to another parser");
    KSSEDR_CHECK(!url->has_userinfo() && !url->has_query() && !url->has_fragment(), "more than a secret's URL has");
    KSSEDR_CHECK(!url->has_port() || url->port() == "443", "another port");
}

void owner_id(std::string_view input) {
    auto const id = rotation::OwnerId::parse(input);
    if (!id) return check_error(id.error());
    auto const again = rotation::OwnerId::parse(id->text());
    KSSEDR_CHECK(again && *again == *id && again->key() == id->key(), "an owner that is not read again");
    KSSEDR_CHECK(!id->name().empty() && !id->service_key().empty(), "an owner without a name");
}

void arm_id(std::string_view input) {
    auto const id = rotation::ArmId::parse(input);
    if (!id) return check_error(id.error());
    auto const again = rotation::ArmId::parse(id->text());
    KSSEDR_CHECK(again && *again == *id, "an id that is not read again");
    KSSEDR_CHECK(id->contains(*id) && id->group_scope().contains(*id), "an id outside its own scope");
    KSSEDR_CHECK(id->is_resource() == !id->resource_type().empty(), "a resource without a type");
}

void json_cursor(std::string_view input) {
    bool const taken = is_json(input);
    // Boost.JSON refuses two things that are passed on here: broken UTF-8, and surrogates without their other half.
    if (formats::is_utf8(input) && input.find("\\u") == std::string_view::npos) {
        boost::system::error_code error;
        auto const value = boost::json::parse(input, error, {}, {.max_depth = formats::JsonCursor::max_depth});
        // It also takes a number for its value, which may be too large; here a number is its digits.
        KSSEDR_CHECK(taken == !error || error == boost::json::error::exponent_overflow,
                     "another parser is of another opinion");
    }
    formats::JsonCursor json(input);
    auto const string = json.take_string();
    if (!string || !json.finish()) return;
    auto const text = string->text();
    std::string memory(string->raw);
    KSSEDR_CHECK(formats::unescape_json_in_place(memory) == text, "unescaping in place gives another text");
    KSSEDR_CHECK(formats::raw_json_offset(string->raw, text.size()) == string->raw.size(), "the end is elsewhere");
    auto const written = formats::format_json_string(text);
    formats::JsonCursor again(written);
    auto const read = again.take_string();
    KSSEDR_CHECK(read && again.finish(), "what was written is not read again");
    KSSEDR_CHECK(!formats::is_utf8(text) || read->text() == text, "what was written is read otherwise");
}

constexpr std::array<Target, 14> all = {{{"decode_events", decode_events},
                                         {"event_invocation", event_invocation},
                                         {"http_invocation", http_invocation},
                                         {"value_form", value_form},
                                         {"login_value", login_value},
                                         {"secret_url", secret_url},
                                         {"arm_id", arm_id},
                                         {"owner_id", owner_id},
                                         {"json_cursor", json_cursor},
                                         {"azure_answer", azure_answer},
                                         {"azure_header", azure_header},
                                         {"bearer_token", bearer_token},
                                         {"push", push},
                                         {"hook_answer", hook_answer}}};

}  // namespace

std::span<Target const> targets() {
    return all;
}

}  // namespace kssedr::fuzz
