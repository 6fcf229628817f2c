#include "rotation/list_decision.h"

#include <gtest/gtest.h>

#include <functional>

namespace kssedr::rotation {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

constexpr TimePoint t0{days{20000}};
constexpr Duration settled_after = 2min;

ListSituation situation() {
    ListSituation seen;
    seen.now = t0;
    seen.mark = mark_of({{"demo.vault.azure.net"}, "Web"});
    seen.listed = {{"old", seen.mark, "abc", t0 - days{90}, t0 + days{10}},
                   {"current", seen.mark, "def", t0 - days{30}, t0 + days{60}},
                   {"foreign", "deploy", "ghi", t0 - days{300}, std::nullopt}};
    seen.uses = {{"demo.vault.azure.net/web", {"current"}, false, std::nullopt, {}}};
    return seen;
}

TEST(ListDecision, TheMarkNamesVaultAndSecret) {
    EXPECT_EQ(situation().mark, "kssedr demo.vault.azure.net/web");
    ListedCredential listed{"id", "KSSEDR Demo.vault.azure.net/WEB", "", {}, {}};
    EXPECT_TRUE(is_ours(listed, situation().mark));
    listed.mark += "2";
    EXPECT_FALSE(is_ours(listed, situation().mark));
}

TEST(ListDecision, TellsWhatTheCurrentVersionHolds) {
    auto seen = situation();
    EXPECT_EQ(held_now(seen), std::vector<std::string>{"current"});
    seen.listed[1].ends = t0;
    EXPECT_TRUE(held_now(seen).empty()) << "it has ended";
    seen.uses.front().may_be_any = true;
    EXPECT_EQ(held_now(seen), (std::vector<std::string>{"old", "foreign"}));
}

TEST(ListDecision, OnlyWhatIsOursAndNobodysIsRemovable) {
    struct Case {
        std::string name;
        std::vector<std::string> removable;
        std::function<void(ListSituation&)> change;
    };
    auto const earlier = [](Duration ago, Duration overlap) {
        return UseSeen{"demo.vault.azure.net/web", {"old"}, false, t0 - ago, overlap};
    };
    for (auto const& c : std::vector<Case>{
             {"nobody has the old one", {"old"}, [](ListSituation&) {}},
             {"a sibling has it",
              {},
              [](ListSituation& seen) { seen.uses.push_back({"copy", {"old"}, false, {}, {}}); }},
             {"a sibling may have it",
              {},
              [](ListSituation& seen) { seen.uses.push_back({"copy", {}, true, {}, {}}); }},
             {"it was left within the overlap",
              {},
              [&](auto& seen) { seen.uses.push_back(earlier(days{6}, days{7})); }},
             {"it was left an overlap ago",
              {"old"},
              [&](auto& seen) { seen.uses.push_back(earlier(days{7}, days{7})); }},
             {"somebody may have had anything, before it was made",
              {"old"},
              [](ListSituation& seen) { seen.uses.push_back({"copy", {}, true, t0 - days{91}, days{365}}); }},
             {"it was just made", {}, [](ListSituation& seen) { seen.listed[0].begins = t0 - 1min; }},
             {"when it was made is not told", {}, [](ListSituation& seen) { seen.listed[0].begins.reset(); }},
             {"it is another's",
              {},
              [](ListSituation& seen) { seen.listed[0].mark = "kssedr demo.vault.azure.net/other"; }},
             {"the current one is not held any more",
              {"old", "current"},
              [](auto& seen) { seen.uses.front().ids.clear(); }},
         }) {
        SCOPED_TRACE(c.name);
        auto seen = situation();
        c.change(seen);
        EXPECT_EQ(removable(seen, settled_after), c.removable);
    }
}

}  // namespace
}  // namespace kssedr::rotation
