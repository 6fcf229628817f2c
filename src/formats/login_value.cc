#include "formats/login_value.h"

#include "base/check.h"
#include "formats/contained.h"
#include "formats/json_values.h"
#include "formats/key_form.h"
#include "formats/login_members.h"
#include "formats/named_hosts.h"
#include "formats/url_parts.h"

#include <algorithm>
#include <array>
#include <utility>

namespace kssedr::formats {
namespace {

using rotation::CredentialShape;
using rotation::LoginShape;

// Where something stands in a text, and how it is written.
struct Place {
    TextSpan span;
    Writing writing = Writing::plain;
};

struct Places {
    std::vector<Place> passwords;
    std::vector<Place> logins;
    ValueKind kind = ValueKind::raw;  // of the text
};

/// Reads one text: what stands in it, by the rules of login_value.h. Places are counted from the text's beginning.
class TextReader {
public:
    TextReader(std::string_view text, CredentialShape const& shape)
        : text_(text), shape_(shape), login_(*shape.login) {}

    /// Nothing where the text is neither a URL nor made of members.
    Result<std::optional<Places>> read() {
        auto const trimmed = trim(text_);
        KSSEDR_TRY(bool const is_url, read_url(trimmed));
        if (is_url) return places_;
        if (is_of("postgresql"))
            if (auto const members = split_keywords(trimmed); members && has_known(*members)) {
                places_.kind = ValueKind::connection_string;
                KSSEDR_TRY_VOID(take_all(*members, Writing::keyword));
                return places_;
            }
        char const separator = is_of("redis") ? ',' : ';';
        auto const members = split_members(trimmed, separator);
        if (!members || !has_known(*members)) return std::nullopt;
        places_.kind = ValueKind::connection_string;
        KSSEDR_TRY_VOID(take_all(*members, separator == ',' ? Writing::plain : Writing::member));
        return places_;
    }

    /// One member, as it is written.
    Result<void> take(std::string_view name, std::string_view written, Writing writing, bool may_be_service = false) {
        auto const text = read_written(written, writing);
        if (!text) return value_not_understood("a text in it is not quoted or encoded as it should be");
        switch (login_role_of(name)) {
        case LoginRole::password:
            if (!has_key_form(text->expose(), shape_.keys))
                return value_not_understood(
                    "the password in it is empty, too long, or has other than ASCII characters");
            places_.passwords.push_back({span_of(written), writing});
            return {};
        case LoginRole::login:
            if (!text->equals(login_.login)) return value_not_understood("its login is not " + login_.login);
            places_.logins.push_back({span_of(written), writing});
            return {};
        case LoginRole::host:
            if (!is_own_host(text->expose())) return foreign();
            return {};
        case LoginRole::port:
            if (!text->equals(std::to_string(login_.port))) return foreign();
            return {};
        case LoginRole::foreign:
            if (may_be_service) return value_not_understood("it takes settings from elsewhere");
            break;
        case LoginRole::other: break;
        }
        return names_foreign_host(text->expose(), shape_) ? Result<void>(foreign()) : Result<void>();
    }

    Result<void> take_port(std::string_view name, std::string_view number) {
        if (login_role_of(name) == LoginRole::port && number != std::to_string(login_.port)) return foreign();
        return {};
    }

    [[nodiscard]] Places& places() { return places_; }

private:
    [[nodiscard]] TextSpan span_of(std::string_view part) const {
        return {static_cast<std::size_t>(part.data() - text_.data()), part.size()};
    }
    [[nodiscard]] bool is_of(std::string_view scheme) const {
        return std::ranges::find(login_.schemes, scheme) != login_.schemes.end();
    }
    [[nodiscard]] Failure foreign() const {
        return value_not_understood("a host or port in it is not that of " + login_.host + ':' +
                                    std::to_string(login_.port));
    }

    static bool has_known(std::vector<WrittenMember> const& members) {
        return std::ranges::any_of(members, [](WrittenMember const& member) {
            auto const role = login_role_of(member.name);
            return !member.name.empty() && role != LoginRole::other && role != LoginRole::foreign;
        });
    }

    // `host`, `host:port`, and SQL Server's `tcp:host,port`.
    [[nodiscard]] bool is_own_host(std::string_view written) const {
        if (is_of("sqlserver") && starts_with_ignore_case(written, "tcp:")) written.remove_prefix(4);
        auto const mark = written.find_first_of(is_of("sqlserver") ? ",:" : ":");
        auto const host = written.substr(0, mark);
        bool const is_port = mark == std::string_view::npos || written.substr(mark + 1) == std::to_string(login_.port);
        return is_port && equals_ignore_case(host, login_.host);
    }
    // The same in a URL, where the port that is not written is the usual one.
    [[nodiscard]] bool is_own_authority(std::string_view written) const {
        return is_own_host(written) && (written.contains(':') || login_.port == login_.usual_port);
    }

    Result<void> take_all(std::vector<WrittenMember> const& members, Writing writing) {
        for (auto const& [name, written] : members) {
            if (!name.empty()) {
                KSSEDR_TRY_VOID(take(name, written, writing, writing == Writing::keyword));
                continue;
            }
            // `host:port,user=…`
            if (!is_of("redis") || !is_own_host(written)) return value_not_understood("a part of it has no name");
        }
        return {};
    }

    Result<bool> read_url(std::string_view text) {
        bool const is_jdbc = starts_with_ignore_case(text, "jdbc:");
        if (is_jdbc) text.remove_prefix(5);
        auto const parts = take_url_apart(text);
        if (!parts)
            return is_jdbc ? Result<bool>(value_not_understood("its JDBC URL is of no kind that is known")) : false;
        auto const is_scheme = [&](std::string_view scheme) { return equals_ignore_case(parts->scheme, scheme); };
        // Whatever else has a scheme is held against the host as any text is.
        if (std::ranges::none_of(login_.schemes, is_scheme))
            return is_jdbc ? Result<bool>(value_not_understood("its URL is of another kind of database")) : false;
        places_.kind = ValueKind::url;
        if (is_jdbc && is_of("sqlserver")) {
            KSSEDR_TRY_VOID(read_jdbc_members(text.substr(text.find("://") + 3)));
        } else {
            KSSEDR_TRY_VOID(read_url_parts(*parts));
        }
        return true;
    }

    // `host:port;databaseName=…;user=…`
    Result<void> read_jdbc_members(std::string_view rest) {
        auto const host = rest.substr(0, rest.find(';'));
        if (!is_own_authority(host)) return foreign();
        auto const members = split_members(rest.substr(host.size()), ';');
        if (!members) return value_not_understood("a quote in it is not closed");
        return take_all(*members, Writing::member);
    }

    Result<void> read_url_parts(UrlParts const& parts) {
        if (!is_own_authority(parts.host)) return foreign();
        if (parts.rest.contains('#')) return value_not_understood("its URL has a fragment");
        auto const colon = std::min(parts.userinfo.find(':'), parts.userinfo.size());
        // Redis' URLs may leave the user out: `redis://:password@host`.
        if (colon > 0) {
            KSSEDR_TRY_VOID(take("user", parts.userinfo.substr(0, colon), Writing::percent));
        }
        if (colon < parts.userinfo.size()) {
            KSSEDR_TRY_VOID(take("password", parts.userinfo.substr(colon + 1), Writing::percent));
        }
        if (parts.query.empty()) return {};
        for (auto const member : split(parts.query, '&')) {
            auto const equals = std::min(member.find('='), member.size());
            auto const name = read_written(member.substr(0, equals), Writing::percent);
            if (!name) return value_not_understood("a text in it is not encoded as it should be");
            KSSEDR_TRY_VOID(
                take(name->expose(), member.substr(std::min(equals + 1, member.size())), Writing::percent, true));
        }
        return {};
    }

    std::string_view text_;
    CredentialShape const& shape_;
    LoginShape const& login_;
    Places places_;
};

// What is made of parts that are not understood is not taken for a password as a whole.
bool looks_made_of_parts(std::string_view text) {
    return text.contains("://") || (text.contains('=') && text.find_first_of("; ,&") != std::string_view::npos) ||
           text.find_first_of("\r\n") != std::string_view::npos;
}

Result<Places> read_whole(std::string_view text, CredentialShape const& shape) {
    TextReader reader(text, shape);
    KSSEDR_TRY(auto places, reader.read());
    if (places) return *std::move(places);
    auto const bare = trim(text);
    if (looks_made_of_parts(bare) || !has_key_form(bare, shape.keys))
        return value_not_understood(
            "it is neither a password alone, nor a URL, a connection string or a JSON document with one");
    Places whole;
    whole.passwords.push_back({{static_cast<std::size_t>(bare.data() - text.data()), bare.size()}, Writing::plain});
    return whole;
}

/// Reads a JSON document: each text in it, by the name it stands under.
class DocumentReader {
public:
    DocumentReader(std::string_view document, CredentialShape const& shape) : document_(document), shape_(shape) {}

    Result<Places> read() {
        auto visit = [this](NamedAs named, JsonString const* string, std::string_view scalar) -> Result<void> {
            auto const name = named.subject.empty() ? named.name : named.subject;
            if (names_foreign_host(named.name, shape_))
                return value_not_understood("a name in it is that of another host");
            if (string != nullptr) return take(name, *string);
            return TextReader(scalar, shape_)
                .take_port(name, scalar.empty() ? std::to_string(shape_.login->port) : scalar);
        };
        JsonCursor json(document_);
        KSSEDR_TRY_VOID(for_each_value(json, {}, visit));
        if (auto const whole = json.finish(); !whole) return value_not_understood(whole.error().message());
        places_.kind = ValueKind::json;
        return std::move(places_);
    }

private:
    Result<void> take(std::string_view name, JsonString const& string) {
        PlainText const plain(string);
        TextReader reader(plain.text(), shape_);
        if (login_role_of(name) != LoginRole::password) {
            KSSEDR_TRY(auto const structured, reader.read());
            if (structured) return keep(*structured, string), Result<void>();
        }
        KSSEDR_TRY_VOID(reader.take(name, plain.text(), Writing::plain));
        keep(reader.places(), string);
        return {};
    }

    void keep(Places const& found, JsonString const& string) {
        auto const start = static_cast<std::size_t>(string.raw.data() - document_.data());
        auto const in_document = [&](Place const& place) {
            auto const begin = raw_json_offset(string.raw, place.span.offset);
            auto const end = raw_json_offset(string.raw, place.span.offset + place.span.length);
            return Place{{start + begin, end - begin}, place.writing};
        };
        std::ranges::transform(found.passwords, std::back_inserter(places_.passwords), in_document);
        std::ranges::transform(found.logins, std::back_inserter(places_.logins), in_document);
    }

    std::string_view document_;
    CredentialShape const& shape_;
    Places places_;
};

// Whether the password also stands where the form does not say. All of it: a person's may have a word in it that is a
// member's name as well, so parts tell nothing.
bool has_copy(SecretString const& value, ValueForm const& form) {
    constexpr std::size_t least = 12;  // shorter can not be told from chance
    auto const password = credential_in(value, form);
    if (password.size() < least) return false;
    auto const text = value.expose();
    return contains_credential(SecretString::copy_of(text.substr(0, form.offset)), password) ||
           contains_credential(SecretString::copy_of(text.substr(form.offset + form.length)), password);
}

}  // namespace

Result<LoginValue> parse_login_value(SecretString const& value, CredentialShape const& shape) {
    KSSEDR_CHECK(shape.login.has_value(), "a login's value without a login's shape");
    auto const text = value.expose();
    auto const blankless = trim(text);
    if (blankless.empty()) return value_not_understood("it is empty");
    bool const is_document = blankless.front() == '{' || blankless.front() == '[';
    KSSEDR_TRY(auto const places, is_document ? DocumentReader(text, shape).read() : read_whole(text, shape));
    if (places.passwords.size() != 1)
        return value_not_understood(places.passwords.empty() ? "no place in it holds a password"
                                                             : "more than one place in it holds a password");
    auto const form_of = [&](Place const& place) {
        return ValueForm{places.kind, place.span.offset, place.span.length, place.writing};
    };
    LoginValue found{form_of(places.passwords.front()), {}};
    std::ranges::transform(places.logins, std::back_inserter(found.logins), form_of);
    std::ranges::sort(found.logins, {}, &ValueForm::offset);
    if (has_copy(value, found.password))
        return value_not_understood("the password stands in it in more than one place");
    return found;
}

Result<LoginFound> find_login(SecretString const& value, std::span<CredentialShape const> shapes) {
    std::optional<Error> first;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        auto found = parse_login_value(value, shapes[i]);
        if (found && found->logins.empty() && shapes.size() > 1)
            return value_not_understood("it does not say whose password it holds, and " + shapes[0].login->login +
                                        " and " + shapes[1].login->login + " take turns; write a login into it");
        if (found) return LoginFound{i, *std::move(found)};
        if (!first) first = std::move(found).error();
    }
    KSSEDR_CHECK(first.has_value(), "no login to find");
    return fail(*std::move(first));
}

SecretString replace_login(SecretString const& value, LoginValue const& found, std::string_view login,
                           SecretString const& password) {
    auto const new_login = SecretString::copy_of(login);
    // From the last place to the first, so that those before it stay where they are.
    auto places = found.logins;
    places.push_back(found.password);
    std::ranges::sort(places, std::greater{}, &ValueForm::offset);
    auto replaced = value.clone();
    for (auto const& place : places)
        replaced = replace_credential(replaced, place, place == found.password ? password : new_login);
    return replaced;
}

}  // namespace kssedr::formats
