#include "config/rule.h"

#include "base/ascii.h"

namespace kssedr::config {
namespace {

using std::chrono::days;
using std::chrono::minutes;

class RuleReader {
public:
    RuleReader(GivenRule const& given, Problems& problems) : given_(given), problems_(problems) {}

    [[nodiscard]] bool has(std::string_view name) const { return given_.members.contains(name); }
    [[nodiscard]] std::string text(std::string_view name) const {
        auto const place = given_.members.find(name);
        return place == given_.members.end() ? std::string() : std::string(trim(place->second));
    }
    void problem(std::string const& why) { problems_.push_back(given_.where + ": " + why); }

    std::optional<rotation::VaultHost> vault(std::string_view suffix) {
        auto const name = text("vault");
        if (name.empty()) return std::nullopt;
        auto host = name.find('.') == std::string::npos ? rotation::make_vault_host(name, suffix)
                                                        : rotation::parse_vault_host(name, suffix);
        if (host) return *std::move(host);
        problem(host.error().message());
        return std::nullopt;
    }

    std::optional<rotation::OwnerId> target() {
        auto const name = text("target");
        if (name.empty()) return std::nullopt;
        auto owner = rotation::OwnerId::parse(name);
        if (owner) return *std::move(owner);
        problem(owner.error().message());
        return std::nullopt;
    }

    std::optional<Duration> duration(std::string_view name, Duration least = minutes{1}) {
        if (!has(name)) return std::nullopt;
        auto const span = parse_iso_duration(text(name));
        if (!span || *span > days{3650} || *span < least)
            problem(std::string(name) + " \"" + escape_for_display(text(name)) + "\" is no ISO 8601 duration from " +
                    format_iso_duration(least) + " to P3650D");
        return span;
    }

    std::optional<std::vector<rotation::Window>> windows(Zones const& zones) {
        if (!has("windows")) return std::nullopt;
        std::vector<rotation::Window> windows;
        auto const all = text("windows");
        for (auto const part : split(all, ';')) {
            if (trim(part).empty()) continue;
            auto parsed = rotation::parse_window(part);
            if (!parsed) {
                problem(parsed.error().message());
                continue;
            }
            auto const zone = zones.find(parsed->zone);
            if (zone)
                parsed->window.zone = *zone;
            else
                problem(zone.error().message());
            windows.push_back(std::move(parsed->window));
        }
        return windows;
    }

    std::optional<std::string> freeze() {
        if (!has("freeze")) return std::nullopt;
        auto const given = text("freeze");
        bool const is_word = equals_ignore_case(given, "true") || equals_ignore_case(given, "false");
        if (!is_word && !parse_rfc3339(given))
            problem("freeze \"" + escape_for_display(given) +
                    "\" is neither true, false nor a time such as 2026-01-02T06:00:00Z");
        return given;
    }

private:
    GivenRule const& given_;
    Problems& problems_;
};

}  // namespace

rotation::SecretRule read_rule(GivenRule const& given, std::string_view vault_suffix, Zones const& zones,
                               Problems& problems) {
    RuleReader reader(given, problems);
    rotation::SecretRule rule;
    rule.where = given.where;
    rule.vault = reader.vault(vault_suffix);
    rule.secret = reader.text("secret");
    if (!rule.secret.empty() && !rotation::is_secret_name(rule.secret))
        reader.problem("\"" + escape_for_display(rule.secret) + "\" is no secret's name");
    rule.target = reader.target();
    if (rule.target && rule.secret.empty()) reader.problem("a target is one secret's; name the secret");
    rule.validity = reader.duration("validity");
    rule.lead = reader.duration("lead");
    rule.min_overlap = reader.duration("min_overlap", Duration{});
    rule.revoke_after = reader.duration("revoke_after");
    rule.windows = reader.windows(zones);
    rule.freeze = reader.freeze();
    return rule;
}

}  // namespace kssedr::config
