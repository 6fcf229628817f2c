#include "formats/connection_string.h"

#include "base/ascii.h"
#include "formats/key_form.h"
#include "formats/member_name.h"
#include "formats/named_hosts.h"

#include <algorithm>

namespace kssedr::formats {
namespace {

using rotation::CredentialShape;

struct Member {
    std::string_view name;   // trimmed; empty where nothing stands between two separators
    std::string_view value;  // trimmed
    bool has_value = false;
};

// Takes the next member off the front of `rest`. The value begins at the first '=': base64 ends in more of them.
Member take_member(std::string_view& rest, char separator) {
    auto const end = std::min(rest.find(separator), rest.size());
    auto const text = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    auto const equals = text.find('=');
    if (equals == std::string_view::npos) return {trim(text), {}, false};
    return {trim(text.substr(0, equals)), trim(text.substr(equals + 1)), true};
}

bool is_one_of(std::string_view name, std::vector<std::string> const& names) {
    return std::ranges::any_of(names, [&](auto const& one) { return is_named(name, one); });
}

// A database's server as its clients write it: `tcp:host,1433`.
std::string_view server_host(std::string_view value) {
    if (starts_with_ignore_case(value, "tcp:")) value.remove_prefix(4);
    if (value.ends_with(",1433")) value.remove_suffix(5);
    return value;
}

// Names of an account that are not quite the shape's own: `storageAccountName`, `account`.
bool is_like_owner_member(std::string_view name, std::string_view owner_member) {
    if (owner_member.empty()) return false;
    if (name_ends_in(name, owner_member)) return true;
    auto short_name = owner_member;
    bool const has_short = take_name_end(short_name, "name");
    return has_short && (is_named(name, short_name) || is_named(name, "storage" + std::string(short_name)));
}

}  // namespace

Failure value_not_understood(std::string why) {
    return fail(Errc::invalid_argument, "the value is not understood: " + std::move(why));
}

std::optional<TextSpan> find_bare_credential(std::string_view text, CredentialShape const& shape) {
    auto const credential = trim(text);
    if (!has_key_form(credential, shape.keys)) return std::nullopt;
    return TextSpan{static_cast<std::size_t>(credential.data() - text.data()), credential.size()};
}

bool may_hold_key(std::string_view name, CredentialShape const& shape) {
    return shape.key_names.empty() || is_one_of(name, shape.key_names);
}

namespace {

// The value of the first member of that name; nothing where there is none.
std::optional<std::string_view> find_value(std::string_view text, std::string_view name, char separator) {
    while (!text.empty()) {
        auto const member = take_member(text, separator);
        if (member.has_value && equals_ignore_case(member.name, name)) return member.value;
    }
    return std::nullopt;
}

rotation::ConnectionForm const* find_connection_form(std::string_view text, CredentialShape const& shape) {
    auto const found = std::ranges::find_if(shape.connections, [&](auto const& form) {
        return find_value(text, form.key_member, shape.separator) &&
               std::ranges::all_of(form.marks, [&](auto const& mark) {
                   auto const value = find_value(text, mark.name, shape.separator);
                   return value && is_named(*value, mark.value);
               });
    });
    return found == shape.connections.end() ? nullptr : &*found;
}

}  // namespace

bool is_connection_string(std::string_view text, CredentialShape const& shape) {
    if (!shape.connections.empty()) return find_connection_form(text, shape) != nullptr;
    if (shape.key_member.empty()) return false;
    while (!text.empty()) {
        auto const member = take_member(text, shape.separator);
        bool const is_known = equals_ignore_case(member.name, shape.key_member) ||
                              (!shape.owner_member.empty() && equals_ignore_case(member.name, shape.owner_member));
        if (member.has_value && is_known) return true;
    }
    return false;
}

Result<void> check_name(std::string_view name, CredentialShape const& shape) {
    if (!names_foreign_host(name, shape)) return {};
    return value_not_understood("a URL in it or a host is none of " + shape.owner_name + "'s");
}

Result<void> check_member(std::string_view name, std::string_view value, CredentialShape const& shape) {
    if (is_one_of(name, shape.foreign_members))
        return value_not_understood("it has a member that only other kinds of credential have");
    if (is_named(name, "UseDevelopmentStorage") && !equals_ignore_case(value, "false"))
        return value_not_understood("it asks for the development storage");
    bool const is_owners = equals_ignore_case(value, shape.owner_name);
    if (is_named(name, shape.owner_member) && !is_owners)
        return value_not_understood("its " + shape.owner_member + " is not " + shape.owner_name);
    // An account may also be named by its resource's id.
    bool const is_owners_id = equals_ignore_case(value.substr(value.rfind('/') + 1), shape.owner_name);
    if (is_like_owner_member(name, shape.owner_member) && !is_owners_id)
        return value_not_understood("it names an account that is not " + shape.owner_name);
    for (auto const& fixed : shape.fixed_members)
        if (is_named(name, fixed.name) && !equals_ignore_case(value, fixed.value))
            return value_not_understood("its " + fixed.name + " is not " + fixed.value);
    if (is_one_of(name, shape.endpoint_members) && !is_owner_url(value, shape))
        return value_not_understood("an endpoint in it is none of " + shape.owner_name + "'s");
    auto const names_owner = [&] {
        return value.empty() || is_owners || is_owner_host(value, shape) || is_owner_url(value, shape) ||
               (!shape.connections.empty() && is_owner_host(server_host(value), shape));
    };
    bool const may_name_host = !may_hold_key(name, shape) || !find_bare_credential(value, shape);
    if ((is_host_member(name) && !names_owner()) || (may_name_host && names_foreign_host(value, shape)))
        return value_not_understood("a URL in it or a host is none of " + shape.owner_name + "'s");
    return {};
}

Result<void> check_members(std::string_view text, CredentialShape const& shape) {
    while (!text.empty()) {
        auto const member = take_member(text, shape.separator);
        if (!member.has_value) continue;
        KSSEDR_TRY_VOID(check_member(member.name, member.value, shape));
    }
    return {};
}

namespace {

// What a connection string was seen to have beside its credential.
struct Named {
    int owners = 0, hosts = 0;
    std::vector<std::size_t> needed;  // as many as the shape needs members
};

Result<void> check_named(Named const& named, std::vector<std::string> const& needed_members, bool names_owner) {
    for (std::size_t i = 0; i < named.needed.size(); ++i)
        if (named.needed[i] != 1)
            return value_not_understood("it has " + std::string(named.needed[i] == 0 ? "no " : "more than one ") +
                                        needed_members[i]);
    if (names_owner && named.owners == 0 && named.hosts == 0)
        return value_not_understood("nothing in it names its owner");
    return {};
}

}  // namespace

Result<TextSpan> parse_connection_string(std::string_view text, CredentialShape const& shape) {
    std::optional<TextSpan> credential;
    auto const* form = find_connection_form(text, shape);
    auto const& key_member = form != nullptr ? form->key_member : shape.key_member;
    auto const& needed_members = form != nullptr ? form->needed_members : shape.needed_members;
    Named named;
    named.needed.resize(needed_members.size());
    auto rest = text;
    while (!rest.empty()) {
        auto const member = take_member(rest, shape.separator);
        if (!member.has_value && member.name.empty()) continue;
        if (!member.has_value && shape.separator == ',' &&
            is_owner_host(member.name, shape)) {  // `host:port,password=…`
            ++named.hosts;
            continue;
        }
        if (!member.has_value || member.name.empty())
            return value_not_understood("a part of the connection string is not of the form Name=value");
        KSSEDR_TRY_VOID(check_name(member.name, shape));
        KSSEDR_TRY_VOID(check_member(member.name, member.value, shape));
        if (is_owner_url(member.value, shape) || is_owner_host(member.value, shape)) ++named.hosts;
        if (!shape.owner_member.empty() && equals_ignore_case(member.name, shape.owner_member)) ++named.owners;
        for (std::size_t i = 0; i < named.needed.size(); ++i)
            if (equals_ignore_case(member.name, needed_members[i])) ++named.needed[i];
        if (!equals_ignore_case(member.name, key_member)) continue;
        if (credential) return value_not_understood("it has more than one " + key_member);
        if (!find_bare_credential(member.value, shape))
            return value_not_understood("its " + key_member + " has not the form of a credential of " +
                                        shape.owner_name);
        credential = TextSpan{static_cast<std::size_t>(member.value.data() - text.data()), member.value.size()};
    }
    if (!credential) return value_not_understood("it has no " + key_member);
    KSSEDR_TRY_VOID(check_named(named, needed_members, form == nullptr));
    return *credential;
}

}  // namespace kssedr::formats
