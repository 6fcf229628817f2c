#include "rotation/pending.h"

#include <gtest/gtest.h>

namespace kssedr::rotation {
namespace {

SecretRef ref(std::string name) {
    return {{"demo.vault.azure.net"}, std::move(name)};
}

TEST(Pending, TheCompanionsNameFitsKeyVault) {
    EXPECT_EQ(companion_of(ref("db")), ref("db-kssedr-pending"));
    auto const longest = companion_of(ref(std::string(127, 'a')));
    EXPECT_EQ(longest.name.size(), 127U);
    EXPECT_TRUE(is_secret_name(longest.name));
    EXPECT_TRUE(longest.name.ends_with("-kssedr-pending"));
    EXPECT_NE(companion_of(ref(std::string(126, 'a'))), longest) << "names that begin alike do not share one";
    EXPECT_EQ(companion_of(ref(std::string(112, 'a'))).name, std::string(112, 'a') + "-kssedr-pending");
}

TEST(Pending, IsReadAsItWasWritten) {
    auto draft = draft_pending(ref("Db"), "app_b", SecretString::copy_of("p"));
    SecretVersion version;
    version.properties = {.name = "db-kssedr-pending", .version = "v1", .tags = draft.tags};
    version.value = draft.value.clone();
    EXPECT_TRUE(is_companion(version.properties));
    auto const read = read_pending(ref("db"), std::move(version));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->login, "app_b");
    EXPECT_TRUE(read->password.equals("p"));
}

TEST(Pending, WhatIsNoAttemptOfTheSecretsIsNone) {
    auto const draft = draft_pending(ref("db"), "app_b", SecretString::copy_of("p"));
    auto const read = [&](auto change) {
        SecretVersion version;
        version.properties = {.name = "db-kssedr-pending", .version = "v1", .tags = draft.tags};
        version.value = draft.value.clone();
        change(version);
        return read_pending(ref("db"), std::move(version)).has_value();
    };
    EXPECT_TRUE(read([](SecretVersion&) {}));
    EXPECT_FALSE(read([](SecretVersion& version) { version.properties.enabled = false; }));
    EXPECT_FALSE(read([](SecretVersion& version) { version.properties.tags.clear(); }));
    EXPECT_FALSE(read([](SecretVersion& version) { version.properties.tags["kssedr-pending-for"] = "other"; }));
}

TEST(Pending, OnlyNameAndTagTogetherMakeACompanion) {
    SecretProperties properties{.name = "db-kssedr-pending"};
    EXPECT_FALSE(is_companion(properties));
    properties.tags = {{"kssedr-pending-for", "db"}};
    EXPECT_TRUE(is_companion(properties));
    properties.name = "db";
    EXPECT_FALSE(is_companion(properties));
}

}  // namespace
}  // namespace kssedr::rotation
