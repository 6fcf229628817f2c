// Checker: the parts that read what was published, and what was said.

#include "base/ascii.h"
#include "checker.h"
#include "rotation/policy.h"

#include <fmt/format.h>

#include <algorithm>

namespace kssedr::simulation {
namespace {

using rotation::OutcomeKind;

bool is_number(std::string const& text) {
    return !text.empty() && std::ranges::all_of(text, is_ascii_digit);
}

}  // namespace

void Checker::check_form(SecretState const& secret, VersionState const& base, Author const& author) {
    auto const& current = secret.current();
    auto const& after = current.properties;
    auto const say = [&](std::string what) {
        violate("I5", fmt::format("version {} of {}: {} ({})", after.version, secret.key, what, blame(author)));
    };
    std::string_view const value = current.value;
    if (!value.starts_with(secret.prefix) || !value.ends_with(secret.suffix) || current.holds == no_key)
        return say("the value changed outside the credential");
    if (after.content_type != base.properties.content_type) return say("the content type changed");
    if (after.not_before.has_value() != base.properties.not_before.has_value()) return say("nbf appeared or went");
    auto const now = estate_.vault_now(secret.vault);
    if (!after.expires || *after.expires <= now) return say("it is published expired, or without an expiry");
    if (*after.expires > now + std::max(secret.validity, secret.overlap) + std::chrono::hours{1})
        return say("it expires later than its validity says");
    if (after.not_before && std::chrono::abs(*after.not_before - now) > std::chrono::hours{1})
        return say("its nbf is not the moment of publication");
    check_tags(secret, base);
}

void Checker::check_tags(SecretState const& secret, VersionState const& base) {
    auto const& after = secret.current().properties;
    auto const& owner = estate_.owners[static_cast<std::size_t>(secret.owner)];
    int const slot = estate_.key(secret.current().holds).slot;
    auto const say = [&](std::string const& what) {
        violate("I5", fmt::format("version {} of {}: {}", after.version, secret.key, what));
    };
    for (auto const& [name, value] : base.properties.tags) {
        auto const place = after.tags.find(name);
        if (place == after.tags.end()) return say("the tag " + name + " is lost");
        bool const is_index = name == "key" && secret.is_original_dialect && is_number(value);
        if (name == "CredentialId" && place->second != owner.slots[static_cast<std::size_t>(slot)].name)
            return say("the tag CredentialId says " + place->second);
        if (is_index && place->second != std::to_string(slot % 2)) return say("the tag key says " + place->second);
        bool const is_ours = is_index || name == "CredentialId" || name == "AutoRotate";
        if (!is_ours && place->second != value) return say("the tag " + name + " changed");
    }
    for (auto const& [name, value] : after.tags) {
        if (base.properties.tags.contains(name)) continue;
        bool const may_be_added =
            name == "AutoRotate" && secret.is_original_dialect && base.properties.tags.size() < 15;
        if (!may_be_added) return say("the tag " + name + " appeared");
    }
}

void Checker::judge_outcome(Handled const& handled, rotation::Outcome const& outcome) {
    auto const& secret = estate_.secrets[static_cast<std::size_t>(handled.secret)];
    auto const say = [&](std::string const& what) {
        violate("I4", fmt::format("the outcome {} ({}) of {} {}: {}", to_string(outcome.kind), outcome.code, secret.key,
                                  what, outcome.reason));
    };
    if (outcome.code.empty() || outcome.reason.empty()) return say("says nothing");
    constexpr Duration ends_after_deadline = std::chrono::seconds{30};
    if (plan_.paused == 0 && handled.deadline != SteadyPoint::max() &&
        handled.ending.at > handled.deadline + ends_after_deadline)
        return say("came long after its deadline");
    bool const has_published = rotation::has_published(outcome.kind) && outcome.code != "revoked";
    if (!handled.version.empty()) {
        auto const asked = std::ranges::find(secret.versions, handled.version,
                                             [](VersionState const& v) { return v.properties.version; });
        bool const was_replaced = asked != secret.versions.end() && std::next(asked) != secret.versions.end() &&
                                  std::next(asked)->made < handled.began;
        if (was_replaced && (has_published || outcome.kind == OutcomeKind::deferred))
            return say("is about a version that had been replaced before");
    }
    // One that published nothing names a version only where that was published and found dead.
    if (has_published && outcome.new_version.empty()) return say("names no new version");
    if (has_published) check_published_outcome(secret, handled, outcome);
}

void Checker::check_published_outcome(SecretState const& secret, Handled const& handled,
                                      rotation::Outcome const& outcome) {
    auto const version = std::ranges::find(secret.versions, outcome.new_version,
                                           [](VersionState const& v) { return v.properties.version; });
    // Somebody else may have written the very same meanwhile: that can not be told from a publication without answer.
    bool const is_ours = version != secret.versions.end() && version->made >= handled.began &&
                         (version->who == Who::kssedr ||
                          handled.began < estate_.owners[static_cast<std::size_t>(secret.owner)].excused_before);
    if (!is_ours)
        return violate("I4", fmt::format("{}: the outcome {} names version {}, which this attempt did not publish",
                                         secret.key, to_string(outcome.kind), outcome.new_version));
    if (version->holds == no_key) return;
    auto const& key = estate_.key(version->holds);
    // Whoever looks again sees what was dead by then; one listing alone is no evidence (DESIGN 3.2).
    auto const& ending = handled.ending;
    bool const was_seen_dead =
        key.died && *key.died < ending.listed_twice_since && version->made <= ending.listed_twice_since;
    // And whoever published what was dead already had the time to look, and nothing that kept them from it.
    bool const was_published_dead = key.died && *key.died + plan_.listing_lag_max < version->made;
    bool const could_look = ending.at < handled.deadline && ending.listing_failed_at < version->made;
    if (was_seen_dead || (was_published_dead && could_look))
        violate("I1", fmt::format("version {} of {} was dead before the attempt looked again, and was left so",
                                  outcome.new_version, secret.key));
}

}  // namespace kssedr::simulation
