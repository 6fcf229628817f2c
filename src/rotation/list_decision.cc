#include "rotation/list_decision.h"

#include "base/ascii.h"

#include <algorithm>

namespace kssedr::rotation {
namespace {

constexpr Duration clocks_differ_at_most = std::chrono::minutes{5};
// By then a credential has ended whatever the time of day is called where its service stands.
constexpr Duration surely_ended_after = std::chrono::days{1};

bool has_ended(ListedCredential const& credential, TimePoint now) {
    return credential.ends && *credential.ends <= now;
}

bool may_be(UseSeen const& use, ListedCredential const& credential) {
    // One that was made after the version had been replaced was never in it.
    if (use.until && credential.begins && *credential.begins > *use.until + clocks_differ_at_most) return false;
    return use.may_be_any || std::ranges::find(use.ids, credential.id) != use.ids.end();
}

}  // namespace

std::string mark_of(SecretRef const& secret) {
    return "kssedr " + secret.key();
}

bool is_ours(ListedCredential const& credential, std::string_view mark) {
    return equals_ignore_case(credential.mark, mark);
}

std::vector<std::string> held_now(ListSituation const& seen) {
    std::vector<std::string> held;
    for (auto const& credential : seen.listed)
        if (may_be(seen.uses.front(), credential) && !has_ended(credential, seen.now)) held.push_back(credential.id);
    return held;
}

bool may_be_in_use(ListedCredential const& credential, ListSituation const& seen) {
    return std::ranges::any_of(seen.uses, [&](UseSeen const& use) {
        return may_be(use, credential) && (!use.until || *use.until + use.overlap > seen.now);
    });
}

std::vector<std::string> removable(ListSituation const& seen, Duration settled_after) {
    std::vector<std::string> ids;
    for (auto const& credential : seen.listed) {
        if (!is_ours(credential, seen.mark)) continue;
        bool const is_settled = credential.begins && *credential.begins + settled_after <= seen.now;
        bool const has_long_ended = has_ended(credential, seen.now - surely_ended_after);
        if (is_settled && (has_long_ended || !may_be_in_use(credential, seen))) ids.push_back(credential.id);
    }
    return ids;
}

}  // namespace kssedr::rotation
