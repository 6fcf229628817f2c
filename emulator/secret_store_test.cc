#include "emulator/secret_store.h"

#include "support/coro_test.h"
#include "support/seeded_random.h"

#include <gtest/gtest.h>

#include <set>

namespace kssedr::emulator {
namespace {

using namespace std::chrono_literals;

class SecretStoreTest : public ::testing::Test {
protected:
    Answered<Secret const*> set(std::string const& name, SecretChange change = {.value = "v"}) {
        return store.set(name, std::move(change), "demo.vault.localhost", now, random);
    }
    SecretStore store;
    test::SeededRandom random{1};
    TimePoint now = test::epoch;
};

TEST_F(SecretStoreTest, EveryPutMakesAVersionAndTheLastIsCurrent) {
    auto const first = (*set("Name"))->current().version;
    auto const second = (*set("NAME", {.value = "w"}))->current().version;
    EXPECT_NE(first, second);
    EXPECT_EQ(first.size(), 32U);
    EXPECT_EQ((*store.get("name", "", now))->value, "w");
    EXPECT_EQ((*store.get("name", first, now))->value, "v");
    EXPECT_EQ(store.find("name")->name, "Name");
    EXPECT_EQ(store.get("name", std::string(32, '0'), now).error().status, 404U);
}

TEST_F(SecretStoreTest, APatchChangesWhatItNames) {
    set("a", {.value = "v", .content_type = "t", .tags = {{{"k", "1"}}}, .exp = 5});
    auto const changed = store.update("a", "", {.tags = {{{"l", "2"}}}, .enabled = false}, now + 1500ms);
    ASSERT_TRUE(changed);
    EXPECT_EQ((*changed)->content_type, "t");
    EXPECT_EQ((*changed)->exp, 5);
    EXPECT_EQ((*changed)->tags, (std::map<std::string, std::string>{{"l", "2"}}));
    EXPECT_EQ((*changed)->updated - (*changed)->created, 1s);
    EXPECT_EQ(store.find("a")->versions.size(), 1U);
}

TEST_F(SecretStoreTest, ADisabledVersionIsNotReadButMayBeReplaced) {
    auto const version = (*set("a", {.value = "v", .enabled = false}))->current().version;
    EXPECT_EQ(store.get("a", "", now).error().inner_code, "SecretDisabled");
    EXPECT_EQ(store.get("a", version, now).error().status, 403U);
    EXPECT_TRUE(set("a"));
    EXPECT_TRUE(store.get("a", "", now));
}

TEST_F(SecretStoreTest, Limits) {
    struct Case {
        char const* name;
        std::string secret;
        SecretChange change;
        bool fits;
    };
    auto const tags = [](int count, std::size_t size) {
        std::map<std::string, std::string> map;
        for (int i = 0; i < count; ++i) map.emplace("t" + std::to_string(i), std::string(size, 'x'));
        return map;
    };
    std::vector<Case> const cases = {
        {"25 KB fit", "a", {.value = std::string(25 * 1024, 'x')}, true},
        {"one byte more does not", "a", {.value = std::string(25 * 1024 + 1, 'x')}, false},
        {"15 tags fit", "a", {.value = "v", .tags = tags(15, 1)}, true},
        {"16 do not", "a", {.value = "v", .tags = tags(16, 1)}, false},
        {"a tag of 256 fits", "a", {.value = "v", .tags = tags(1, 256)}, true},
        {"one of 257 does not", "a", {.value = "v", .tags = tags(1, 257)}, false},
        {"a content type of 255 fits", "a", {.value = "v", .content_type = std::string(255, 'c')}, true},
        {"one of 256 does not", "a", {.value = "v", .content_type = std::string(256, 'c')}, false},
        {"a name of 127 fits", std::string(127, 'n'), {.value = "v"}, true},
        {"one of 128 does not", std::string(128, 'n'), {.value = "v"}, false},
        {"a name holds no underscore", "a_b", {.value = "v"}, false},
        {"a name is not empty", "", {.value = "v"}, false},
        {"a value is required", "a", {}, false},
    };
    for (auto const& one : cases) EXPECT_EQ(set(one.secret, one.change).has_value(), one.fits) << one.name;
}

TEST_F(SecretStoreTest, ADeletedNameIsHeldUntilItIsPurged) {
    set("a");
    ASSERT_TRUE(store.remove("A", now));
    EXPECT_EQ(store.get("a", "", now).error().status, 404U);
    EXPECT_EQ(set("a").error().inner_code, "ObjectIsDeletedButRecoverable");
    EXPECT_EQ(set("a").error().status, 409U);
    EXPECT_EQ(store.list_deleted("", 25, now).items.size(), 1U);
    ASSERT_TRUE(store.purge("a", now));
    EXPECT_EQ(store.purge("a", now).error().status, 404U);
    EXPECT_TRUE(set("a"));
}

TEST_F(SecretStoreTest, ARecoveredSecretTakesFourSeconds) {
    auto const version = (*set("a"))->current().version;
    ASSERT_TRUE(store.remove("a", now));
    ASSERT_TRUE(store.recover("a", now));
    EXPECT_EQ(store.get("a", "", now + 3999ms).error().code, "SecretNotFound");
    ASSERT_TRUE(store.get("a", "", now + 4000ms));
    EXPECT_EQ((*store.get("a", "", now + 4000ms))->version, version);
}

TEST_F(SecretStoreTest, TheRetentionEndsByItself) {
    store.recoverable_days = 7;
    set("a");
    ASSERT_TRUE(store.remove("a", now));
    now += std::chrono::days(7) - 1s;
    EXPECT_FALSE(set("a"));
    now += 1s;
    EXPECT_TRUE(set("a"));
}

TEST_F(SecretStoreTest, VersionsOfNothingAreNone) {
    EXPECT_TRUE(store.versions("none", "", 25, now).items.empty());
}

TEST_F(SecretStoreTest, VersionsComeInPagesAndEachOnce) {
    std::set<std::string> made;
    for (int i = 0; i < 7; ++i) made.insert((*set("a"))->current().version);
    std::set<std::string> listed;
    std::string after;
    do {
        auto const page = store.versions("a", after, 3, now);
        for (auto const* version : page.items) EXPECT_TRUE(listed.insert(version->version).second);
        after = page.next;
    } while (!after.empty());
    EXPECT_EQ(listed, made);
}

}  // namespace
}  // namespace kssedr::emulator
