#include "azure/partition_balance.h"

#include <algorithm>

namespace kssedr::azure {
namespace {

std::string take_any(std::vector<std::string>& from, Random& random) {
    auto const place = from.begin() + static_cast<std::ptrdiff_t>(random.below(from.size()));
    auto taken = std::move(*place);
    from.erase(place);
    return taken;
}

}  // namespace

std::vector<std::string> choose_claims(std::vector<std::string> const& partitions,
                                       std::map<std::string, std::string> const& owners, std::string const& me,
                                       Random& random) {
    std::map<std::string, std::vector<std::string>> held{{me, {}}};
    std::vector<std::string> free;
    for (auto const& partition : partitions) {
        auto const owner = owners.find(partition);
        (owner == owners.end() ? free : held[owner->second]).push_back(partition);
    }
    // Each has `least`, and as many as there are left over one more.
    auto const least = partitions.size() / held.size();
    auto const left_over = partitions.size() % held.size();
    auto const with_more = static_cast<std::size_t>(
        std::ranges::count_if(held, [&](auto const& each) { return each.second.size() > least; }));
    auto const mine = held[me].size();
    bool const may_have_more = mine > least || with_more < left_over;
    auto const share = least + (left_over > 0 && may_have_more ? 1 : 0);

    std::vector<std::string> claims;
    while (mine + claims.size() < share && !free.empty()) claims.push_back(take_any(free, random));
    if (!claims.empty() || mine >= share) return claims;
    // Whoever has more than its share gives one up: two at least, where mine are that many fewer.
    auto const most = std::ranges::max_element(held, {}, [](auto const& each) { return each.second.size(); });
    if (most->second.size() >= mine + 2 || (most->second.size() > least && mine < least))
        claims.push_back(take_any(most->second, random));
    return claims;
}

}  // namespace kssedr::azure
