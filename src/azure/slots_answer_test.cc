#include "azure/slots_answer.h"

#include "azure/json_place.h"

#include <gtest/gtest.h>

namespace kssedr::azure {
namespace {

rotation::CatalogueEntry storage_like() {
    rotation::CatalogueEntry entry;
    entry.slots = {
        {"key1", "key1", "keys[keyName=key1,permissions?=full].value", "keys[keyName=key1].creationTime", "", ""},
        {"key2", "key2", "keys[keyName=key2,permissions?=full].value", "keys[keyName=key2].creationTime", "", ""}};
    return entry;
}

TEST(FindPlace, FollowsMembersAndPicksFromLists) {
    auto const document = JsonDocument::parse(
        R"({"a":{"b":"x"},"l":[{"name":"Primary Read Only","id":"1"},{"name":"second","id":"2","kind":"FULL"}],)"
        R"("value":[{"name":"k.1","n":{"v":"deep"}}]})");
    ASSERT_TRUE(document.has_value());
    struct Case {
        std::string_view place;
        std::optional<std::string_view> text;
    };
    for (auto const& [place, text] : std::vector<Case>{{"a.b", "x"},
                                                       {"A.b", {}},
                                                       {"a", {}},
                                                       {"a.b.c", {}},
                                                       {"l[name=Primary Read Only].id", "1"},
                                                       {"l[name=PRIMARY READ ONLY].id", "1"},
                                                       {"l[name=second,kind=full].id", "2"},
                                                       {"l[name=second,kind=read].id", {}},
                                                       {"l[name=second,kind?=full].id", "2"},
                                                       {"l[name=Primary Read Only,kind?=full].id", "1"},
                                                       {"l[name=third].id", {}},
                                                       {"l[id=2].name", "second"},
                                                       {"value[name=k.1].n.v", "deep"},
                                                       {"l", {}},
                                                       {"l[", {}},
                                                       {"]", {}},
                                                       {".", {}},
                                                       {"a..b", {}},
                                                       {"", {}}}) {
        EXPECT_EQ(find_place(document->root(), place).text(), text) << place;
    }
}

TEST(ParseSlots, GivesAllInOrderWhateverTheAnswers) {
    auto const parsed = parse_slots(
        R"({"keys":[{"creationTime":"2022-11-18T04:03:59.4579116Z","keyName":"key2","value":"two==","permissions":"FULL"},)"
        R"({"keyName":"kerb1","value":"k","permissions":"Full"},)"
        R"({"creationTime":"2022-11-18T04:03:39.0664156Z","keyName":"key1","value":"one==","permissions":"Full"}]})",
        storage_like());
    ASSERT_TRUE(parsed.has_value());
    ASSERT_EQ(parsed->slots.size(), 2U);
    EXPECT_EQ(parsed->slots[0].slot, "key1");
    EXPECT_TRUE(parsed->slots[0].value.equals("one=="));
    EXPECT_EQ(parsed->slots[0].made, parse_rfc3339("2022-11-18T04:03:39.066Z"));
    EXPECT_EQ(parsed->slots[1].slot, "key2");
    EXPECT_TRUE(parsed->slots[1].value.equals("two=="));

    auto const old =
        parse_slots(R"({"keys":[{"keyName":"KEY1","value":"a"},{"keyName":"key2","value":"b","creationTime":null}]})",
                    storage_like());
    ASSERT_TRUE(old.has_value());
    EXPECT_EQ(old->slots[0].slot, "key1");
    EXPECT_EQ(old->slots[1].made, std::nullopt);
}

TEST(ParseSlots, TellsPairsApart) {
    rotation::CatalogueEntry entry;
    entry.slots = {{"w1", "w1", "a", "", "", "write"},
                   {"r1", "r1", "b", "", "", "read"},
                   {"w2", "w2", "c", "", "", "write"},
                   {"r2", "r2", "d", "", "", "read"}};
    auto const parsed = parse_slots(R"({"a":"1","b":"2","c":"3","d":"4"})", entry);
    ASSERT_TRUE(parsed.has_value());
    std::vector<std::size_t> pairs;
    for (auto const& credential : parsed->slots) pairs.push_back(credential.pair);
    EXPECT_EQ(pairs, (std::vector<std::size_t>{0, 1, 0, 1}));
}

TEST(ParseSlots, TakesNothingLess) {
    constexpr std::string_view bodies[] = {
        "",
        "{}",
        "[]",
        R"({"keys":{}})",
        R"({"keys":[]})",
        R"({"keys":[{"keyName":"key1","value":"a"}]})",
        R"({"keys":[{"keyName":"key1","value":"a"},{"keyName":"key2","value":""}]})",
        R"({"keys":[{"keyName":"key1","value":"a"},{"keyName":"key2"}]})",
        R"({"keys":[{"keyName":"key1","value":"a"},{"keyName":"key2","value":"b","permissions":"Read"}]})",
    };
    for (auto const body : bodies) {
        auto const parsed = parse_slots(body, storage_like());
        ASSERT_FALSE(parsed.has_value()) << body;
        EXPECT_EQ(parsed.error().code(), Errc::corrupt);
    }
}

}  // namespace
}  // namespace kssedr::azure
