#include "store/location.h"

#include "base/ascii.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace kssedr::store {
namespace {

constexpr std::string_view form = "write postgresql://user@host:port/database?sslmode=verify-full";

bool is_name(std::string_view text) {
    return text.size() <= 255 && std::ranges::all_of(text, [](char c) {
               return is_ascii_letter(c) || is_ascii_digit(c) || std::string_view("._-$").contains(c);
           });
}

bool is_file(std::string_view text) {
    return text.starts_with('/') && text.size() <= 1024 &&
           std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '%'; });
}

Failure wrong(std::string why) {
    return fail(Errc::invalid_argument, "the store's location: " + std::move(why));
}

Result<void> take_authority(std::string_view text, ServerLocation& into) {
    auto const at = text.rfind('@');
    if (at != std::string_view::npos) {
        auto const user = text.substr(0, at);
        if (user.contains(':'))
            return wrong("a password does not belong into it; give it in PGPASSWORD or in the file of PGPASSFILE");
        if (user.empty() || !is_name(user)) return wrong("the user has letters, digits and ._-$; " + std::string(form));
        into.user = user;
        text.remove_prefix(at + 1);
    }
    auto colon = text.rfind(':');
    bool const is_bracketed = text.starts_with('[');
    if (is_bracketed) {
        auto const end = text.find(']');
        if (end == std::string_view::npos) return wrong("the address has no ] at its end");
        into.host = text.substr(1, end - 1);
        colon = end + 1 < text.size() ? end + 1 : std::string_view::npos;
        if (colon != std::string_view::npos && text[colon] != ':') return wrong("behind ] stands the port, or nothing");
    } else {
        into.host = text.substr(0, colon);
    }
    bool const is_host = std::ranges::all_of(into.host, [&](char c) {
        return is_ascii_letter(c) || is_ascii_digit(c) || c == '.' || c == '-' || (is_bracketed && c == ':');
    });
    if (!is_host || into.host.size() > 253) return wrong("the host is no name and no address; " + std::string(form));
    if (colon == std::string_view::npos) return {};
    auto const port = text.substr(colon + 1);
    auto const [end, error] = std::from_chars(port.data(), port.data() + port.size(), into.port);
    if (error != std::errc{} || end != port.data() + port.size() || into.port == 0)
        return wrong("the port is a number from 1 to 65535");
    return {};
}

Result<void> take_parameters(std::string_view text, ServerLocation& into) {
    constexpr std::array<std::string_view, 6> modes = {"disable", "allow",     "prefer",
                                                       "require", "verify-ca", "verify-full"};
    for (auto const parameter : split(text, '&')) {
        auto const equals = std::min(parameter.find('='), parameter.size());
        auto const name = parameter.substr(0, equals);
        auto const value = parameter.substr(std::min(equals + 1, parameter.size()));
        if (name == "sslmode") {
            if (std::ranges::find(modes, value) == modes.end())
                return wrong("sslmode is disable, allow, prefer, require, verify-ca or verify-full");
            into.ssl_mode = value;
        } else if (name == "sslrootcert") {
            if (!is_file(value)) return wrong("sslrootcert is the path of a file, from / on");
            into.ssl_root_certificate = value;
        } else if (name == "host") {
            if (!is_file(value)) return wrong("the parameter host is the folder of a Unix socket, from / on");
            into.host = value;
        } else {
            // Not repeated: it may be a password.
            return wrong("its parameters are sslmode, sslrootcert and host, and it has another");
        }
    }
    return {};
}

}  // namespace

std::string Location::text() const {
    if (!server) return file;
    bool const is_bracketed = server->host.contains(':');
    auto const user = server->user.empty() ? std::string() : server->user + '@';
    if (server->host.starts_with('/')) return "postgresql://" + user + '/' + server->database + "?host=" + server->host;
    return "postgresql://" + user + (is_bracketed ? '[' + server->host + ']' : server->host) + ':' +
           std::to_string(server->port) + '/' + server->database;
}

Result<Location> parse_location(std::string_view text) {
    text = trim(text);
    constexpr std::string_view scheme = "postgresql://";
    if (!text.starts_with(scheme)) {
        if (text.empty()) return wrong("it is empty; write the path of a file, or " + std::string(form));
        if (text.contains("://")) return wrong("it is the path of a file, or a URL postgresql://…");
        if (text.size() > 1024 || text.contains('\0')) return wrong("the path is too long, or has a NUL in it");
        return Location{std::string(text), std::nullopt};
    }
    text.remove_prefix(scheme.size());
    auto const question = std::min(text.find('?'), text.size());
    auto const path = text.substr(0, question);
    auto const slash = path.find('/');
    if (slash == std::string_view::npos) return wrong("it names no database; " + std::string(form));
    ServerLocation server;
    KSSEDR_TRY_VOID(take_authority(path.substr(0, slash), server));
    server.database = path.substr(slash + 1);
    if (server.database.empty() || !is_name(server.database))
        return wrong("the database has a name of letters, digits and ._-$; " + std::string(form));
    if (question < text.size()) {
        KSSEDR_TRY_VOID(take_parameters(text.substr(question + 1), server));
    }
    return Location{{}, std::move(server)};
}

}  // namespace kssedr::store
