#include "emulator/app_passwords.h"

#include "base/ascii.h"

#include <algorithm>

namespace kssedr::emulator {
namespace {

constexpr std::chrono::years default_life{2};
constexpr std::size_t hint_length = 3;
constexpr std::size_t personal_limit = 2;

// As Graph writes a time that nobody chose.
std::string format_seven_digits(TimePoint at) {
    auto const second = std::chrono::floor<std::chrono::seconds>(at);
    auto text = format_rfc3339(second);
    text.pop_back();
    auto const fraction = std::to_string(1000 + (at - second).count()).substr(1);
    return text + '.' + fraction + "0000Z";
}

TimePoint years_after(TimePoint at) {
    return at + std::chrono::duration_cast<Duration>(default_life);
}

}  // namespace

AppPassword make_password(Random& random, std::optional<std::string> name, std::string value, TimePoint now) {
    AppPassword password;
    password.key_id = random.uuid();
    password.name = std::move(name);
    password.value = std::move(value);
    password.begins_at = now;
    password.ends_at = years_after(now);
    password.begins = format_seven_digits(password.begins_at);
    password.ends = format_seven_digits(password.ends_at);
    return password;
}

Result<AppPassword> parse_password(json::value const& value, Random& random, TimePoint now) {
    Fields fields(value, "a password credential");
    auto const key_id = fields.text("keyId", "");
    auto const secret = fields.text("secretText", "");
    std::optional<std::string> name;
    if (fields.has("displayName")) name = fields.text("displayName", "");
    auto const begins_at = fields.time("startDateTime");
    auto const begins = begins_at ? fields.text("startDateTime") : std::string();
    auto const ends_at = fields.time("endDateTime");
    auto const ends = ends_at ? fields.text("endDateTime") : std::string();
    KSSEDR_TRY_VOID(fields.finish());
    auto password = make_password(random, std::move(name), secret.empty() ? make_client_secret(random) : secret, now);
    if (!key_id.empty()) password.key_id = key_id;
    if (begins_at) {
        password.begins_at = *begins_at;
        password.begins = begins;
        password.ends_at = years_after(*begins_at);
        password.ends = format_seven_digits(password.ends_at);
    }
    if (ends_at) {
        password.ends_at = *ends_at;
        password.ends = ends;
    }
    if (password.ends_at <= password.begins_at)
        return fail(Errc::invalid_argument, "'endDateTime' must be after 'startDateTime'");
    return password;
}

Result<void> complete_passwords(App& app, json::value const* listed, App const* former, Random& random, TimePoint now) {
    if (app.secrets.empty() && listed == nullptr && former != nullptr) {
        app.secrets = former->secrets;
        app.passwords = former->passwords;
        return {};
    }
    if (app.secrets.empty())
        app.secrets = former != nullptr ? former->secrets : std::vector{make_client_secret(random)};
    for (auto const& secret : app.secrets) app.passwords.push_back(make_password(random, std::nullopt, secret, now));
    if (listed == nullptr) return {};
    if (!listed->is_array()) return fail(Errc::invalid_argument, "'passwordCredentials' must be a list");
    for (auto const& one : listed->get_array()) {
        KSSEDR_TRY(auto password, parse_password(one, random, now));
        app.passwords.push_back(std::move(password));
    }
    return {};
}

AppPassword& add_password(App& app, AppPassword password, TimePoint now) {
    password.taken_from = now + app.propagation;
    password.listed_from = now + app.listing_delay;
    return app.passwords.emplace_back(std::move(password));
}

bool remove_password(App& app, std::string_view key_id, TimePoint now) {
    auto const found = std::ranges::find_if(app.passwords, [&](AppPassword const& one) {
        return !one.is_removed && equals_ignore_case(one.key_id, key_id);
    });
    if (found == app.passwords.end()) return false;
    found->is_removed = true;
    found->taken_until = now + app.propagation;
    found->listed_until = now + app.listing_delay;
    return true;
}

std::vector<AppPassword const*> list_passwords(App const& app, TimePoint now) {
    std::vector<AppPassword const*> listed;
    for (auto const& one : app.passwords) {
        bool const is_there = !one.is_removed || now < one.listed_until;
        if (one.listed_from <= now && is_there) listed.push_back(&one);
    }
    return listed;
}

bool has_room(App const& app) {
    bool const is_for_persons = app.sign_in_audience.ends_with("PersonalMicrosoftAccount");
    auto const standing = std::ranges::count(app.passwords, false, &AppPassword::is_removed);
    return !is_for_persons || static_cast<std::size_t>(standing) < personal_limit;
}

json::object to_graph(AppPassword const& password) {
    json::object out;
    out["customKeyIdentifier"] = nullptr;
    out["displayName"] = password.name ? json::value(*password.name) : json::value(nullptr);
    out["endDateTime"] = password.ends;
    out["hint"] = password.value.substr(0, hint_length);
    out["keyId"] = password.key_id;
    out["secretText"] = nullptr;
    out["startDateTime"] = password.begins;
    return out;
}

}  // namespace kssedr::emulator
