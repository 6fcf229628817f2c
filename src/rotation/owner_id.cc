#include "rotation/owner_id.h"

#include "base/ascii.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace kssedr::rotation {
namespace {

constexpr std::string_view application_scheme = "entra:";
constexpr std::string_view hook_scheme = "hook:";
constexpr std::size_t longest_login = 128;

struct Database {
    std::string_view scheme;
    std::string_view port;
};
constexpr std::array<Database, 4> databases = {
    Database{"postgresql://", "5432"},
    {"mysql://", "3306"},
    {"sqlserver://", "1433"},
    {"redis://", "6379"},
};

Database const* find_database(std::string_view text) {
    auto const place = std::ranges::find_if(
        databases, [&](Database const& database) { return starts_with_ignore_case(text, database.scheme); });
    return place == databases.end() ? nullptr : &*place;
}

Failure not_an_owner(std::string_view text, std::string_view why) {
    return fail(Errc::invalid_argument, "\"" + escape_for_display(text) + "\": " + std::string(why));
}

bool is_word(std::string_view text, std::string_view also) {
    return !text.empty() && std::ranges::all_of(text, [&](char c) {
        return is_ascii_letter(c) || is_ascii_digit(c) || also.find(c) != std::string_view::npos;
    });
}

bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        bool const is_hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        bool const is_hex =
            is_ascii_digit(text[i]) || (to_ascii_lower(text[i]) >= 'a' && to_ascii_lower(text[i]) <= 'f');
        if (is_hyphen ? text[i] != '-' : !is_hex) return false;
    }
    return true;
}

bool is_port(std::string_view text) {
    int port = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc{} && end == text.data() + text.size() && port > 0 && port < 65536 &&
           !text.starts_with('0');
}

bool is_host(std::string_view host) {
    return host.size() <= 253 && is_word(host, "-._") && !host.starts_with('.') && !host.ends_with('.') &&
           !host.starts_with('-') && host.find("..") == std::string_view::npos;
}

// `host[:port]`, the port left out where it is the service's own; empty where it is none.
std::string canonical_host(std::string_view written, Database const& database) {
    auto const colon = std::min(written.find(':'), written.size());
    auto const host = written.substr(0, colon);
    auto const port = written.substr(std::min(colon + 1, written.size()));
    if (!is_host(host) || (colon < written.size() && !is_port(port))) return {};
    std::string canonical = to_ascii_lower(host);
    if (!port.empty() && port != database.port) canonical += ':' + std::string(port);
    return canonical;
}

}  // namespace

OwnerId::OwnerId(ArmId resource) : kind_(Kind::resource), text_(resource.text()), resource_(std::move(resource)) {}

bool OwnerId::has_other_scheme(std::string_view text) {
    return starts_with_ignore_case(text, application_scheme) || starts_with_ignore_case(text, hook_scheme) ||
           find_database(text) != nullptr;
}

std::optional<OwnerId> OwnerId::find_application(std::string_view object_id) {
    if (!is_uuid(object_id)) return std::nullopt;
    return OwnerId(Kind::application, std::string(application_scheme) + to_ascii_lower(object_id),
                   application_scheme.size());
}

Result<OwnerId> OwnerId::parse(std::string_view text) {
    text = trim(text);
    if (starts_with_ignore_case(text, application_scheme)) {
        auto application = find_application(text.substr(application_scheme.size()));
        if (!application) return not_an_owner(text, "entra: is followed by the application's object id, a UUID");
        return *std::move(application);
    }
    if (starts_with_ignore_case(text, hook_scheme)) {
        auto const name = text.substr(hook_scheme.size());
        if (!is_word(name, "-") || name.size() > 64)
            return not_an_owner(text, "hook: is followed by the hook's name, letters, digits and hyphens");
        return OwnerId(Kind::hook, std::string(hook_scheme) + to_ascii_lower(name), hook_scheme.size());
    }
    if (auto const* database = find_database(text)) {
        auto const rest = text.substr(database->scheme.size());
        auto const slash = std::min(rest.find('/'), rest.size());
        auto const host = canonical_host(rest.substr(0, slash), *database);
        if (host.empty()) return not_an_owner(text, "what follows :// is no host[:port]");
        auto const login = rest.substr(std::min(slash + 1, rest.size()));
        if (!is_word(login, "-._@$+") || login.size() > longest_login)
            return not_an_owner(text, "after the host follows /{login}, of letters, digits and - . _ @ $ +");
        auto written = std::string(database->scheme) + host + '/';
        auto const name_at = written.size();
        return OwnerId(Kind::login, std::move(written) + std::string(login), name_at);
    }
    KSSEDR_TRY(auto resource, ArmId::parse(text));
    if (!resource.is_resource()) return not_an_owner(text, "it names no resource, only what holds resources");
    return OwnerId(std::move(resource));
}

std::string OwnerId::key() const {
    // The case of a login tells it from another; of all else it tells nothing.
    return kind_ == Kind::login ? text_ : to_ascii_lower(text_);
}

std::string OwnerId::service_key() const {
    switch (kind_) {
    case Kind::resource: {
        auto const type = resource_->resource_type();
        return to_ascii_lower(resource_->subscription()) + '/' + to_ascii_lower(type.substr(0, type.find('/')));
    }
    case Kind::application: return std::string(application_scheme);
    case Kind::login: return text_.substr(0, name_at_);
    case Kind::hook: return text_;
    }
    return {};
}

std::string OwnerId::service_name() const {
    switch (kind_) {
    case Kind::resource: return "Resource Manager, subscription " + std::string(resource_->subscription());
    case Kind::application: return "Microsoft Graph";
    case Kind::login: return text_.substr(0, name_at_ - 1);
    case Kind::hook: return "the hook " + std::string(name());
    }
    return {};
}

std::string OwnerId::type() const {
    return resource_ ? resource_->resource_type() : text_.substr(0, text_.find(':'));
}

std::string_view OwnerId::name() const {
    return resource_ ? resource_->resource_name() : std::string_view(text_).substr(name_at_);
}

std::string_view OwnerId::host() const {
    if (kind_ != Kind::login) return {};
    auto const begin = text_.find("://") + 3;
    return std::string_view(text_).substr(begin, name_at_ - 1 - begin);
}

bool operator==(OwnerId const& a, OwnerId const& b) {
    return a.kind_ == b.kind_ &&
           (a.kind_ == OwnerId::Kind::login ? a.text_ == b.text_ : equals_ignore_case(a.text_, b.text_));
}

}  // namespace kssedr::rotation
