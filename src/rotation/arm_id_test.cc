#include "rotation/arm_id.h"

#include "base/ascii.h"

#include <gtest/gtest.h>

namespace kssedr::rotation {
namespace {

std::string const subscription = "/subscriptions/75A684CB-bc7f-4283-9a5e-64472c4f680b";
std::string const group = subscription + "/resourceGroups/my-rg";
std::string const account = group + "/providers/Microsoft.Storage/storageAccounts/contoso";
std::string const child = account + "/blobServices/default";

ArmId id_of(std::string_view text) {
    auto parsed = ArmId::parse(text);
    EXPECT_TRUE(parsed) << text << ": " << (parsed ? "" : parsed.error().message());
    return parsed ? *std::move(parsed) : *ArmId::parse(subscription);
}

struct Parts {
    std::string text;
    std::string_view group;
    std::string_view type;
    std::string_view name;
};

TEST(ArmId, IsTakenApartBySegment) {
    Parts const cases[] = {
        {subscription, "", "", ""},
        {group, "my-rg", "", ""},
        {account, "my-rg", "Microsoft.Storage/storageAccounts", "contoso"},
        {child, "my-rg", "Microsoft.Storage/storageAccounts/blobServices", "default"},
        {group + "/providers/Microsoft.Web/sites/a.b_(c)-1", "my-rg", "Microsoft.Web/sites", "a.b_(c)-1"},
    };
    for (auto const& [text, group_name, type, name] : cases) {
        auto const id = id_of(text);
        EXPECT_EQ(id.text(), text);
        EXPECT_EQ(id.subscription(), "75A684CB-bc7f-4283-9a5e-64472c4f680b");
        EXPECT_EQ(id.resource_group(), group_name);
        EXPECT_EQ(id.resource_type(), type);
        EXPECT_EQ(id.resource_name(), name);
        EXPECT_EQ(id.is_resource(), !type.empty());
    }
}

TEST(ArmId, SlashesAtTheEndDoNotCount) {
    EXPECT_EQ(id_of(account + '/'), id_of(account));
    EXPECT_EQ(id_of(account + "///").text(), account);
}

TEST(ArmId, IsComparedWithoutCase) {
    auto const upper = id_of(
        "/SUBSCRIPTIONS/75a684cb-BC7F-4283-9a5e-64472c4f680b/RESOURCEGROUPS/MY-RG/PROVIDERS/MICROSOFT.STORAGE/"
        "STORAGEACCOUNTS/CONTOSO");
    EXPECT_EQ(upper, id_of(account));
    EXPECT_EQ(upper.key(), id_of(account).key());
    EXPECT_TRUE(upper.is_type("microsoft.storage/storageaccounts"));
    EXPECT_FALSE(upper.is_type("microsoft.storage/storageaccounts/blobservices"));
    EXPECT_FALSE(id_of(child) == id_of(account));
}

TEST(ArmId, RefusesWhatIsNone) {
    for (std::string const& text : {std::string(),
                                    std::string("/"),
                                    std::string("//"),
                                    std::string("subscriptions/x"),
                                    std::string("/subscriptions"),
                                    std::string("/subscriptions/"),
                                    std::string("/resourceGroups/x"),
                                    std::string("/subscriptions/x/y"),
                                    std::string("/subscriptions/x/y/z"),
                                    subscription + "/resourceGroups",
                                    subscription + "//resourceGroups/x",
                                    group + "/x",
                                    group + "/providers",
                                    group + "/providers/Microsoft.Storage",
                                    group + "/providers/Microsoft.Storage/storageAccounts",
                                    child + "/containers",
                                    group + "/other/Microsoft.Storage/storageAccounts/contoso",
                                    subscription + "/providers/Microsoft.Storage/storageAccounts/contoso",
                                    group + "/providers/Microsoft.Storage/storageAccounts/..",
                                    group + "/providers/Microsoft.Storage/../contoso",
                                    group + "/providers/Microsoft.Storage/storageAccounts/.",
                                    account + "?x=1",
                                    account + "#x",
                                    account + "%2f",
                                    account + " ",
                                    " " + account,
                                    account + "\n",
                                    account + "\\x",
                                    group + "/providers/Microsoft.Storage/storageAccounts/n\xc3\xa9",
                                    group + "/providers/Microsoft.Storage/storageAccounts/{name}",
                                    account + std::string(1, '\0'),
                                    account + std::string(300, 'x'),
                                    "https://management.azure.com" + account,
                                    std::string("/providers/Microsoft.Management/managementGroups/x"),
                                    account + ":1",
                                    account + "@x",
                                    account + std::string(3000, '/') + 'x'}) {
        auto const parsed = ArmId::parse(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code(), Errc::invalid_argument);
        auto const& message = parsed.error().message();
        EXPECT_EQ(escape_for_display(message, message.size()), message);
    }
}

TEST(ArmId, AManagementGroupIsRefusedByName) {
    auto const parsed = ArmId::parse("/providers/Microsoft.Management/managementGroups/root");
    ASSERT_FALSE(parsed);
    EXPECT_NE(parsed.error().message().find("management group"), std::string::npos);
}

struct Scope {
    char const* name;
    std::string scope;
    std::string id;
    bool contains;
};

TEST(ArmId, ContainsByWholeSegments) {
    Scope const cases[] = {
        {"itself", account, account, true},
        {"its group", group, account, true},
        {"its subscription", subscription, account, true},
        {"below a resource", account, child, true},
        {"in other case", to_ascii_lower(group), account, true},
        {"above", account, group, false},
        {"a group whose name begins so", group,
         subscription + "/resourceGroups/my-rg2/providers/Microsoft.Storage/storageAccounts/contoso", false},
        {"an account whose name begins so", account, account + "2", false},
        {"another subscription", "/subscriptions/other", account, false},
        {"another type", group + "/providers/Microsoft.Web/sites/contoso", account, false},
    };
    for (auto const& [name, scope, id, contains] : cases) EXPECT_EQ(id_of(scope).contains(id_of(id)), contains) << name;
}

TEST(ArmId, KnowsItsGroup) {
    EXPECT_EQ(id_of(child).group_scope(), id_of(group));
    EXPECT_EQ(id_of(group).group_scope(), id_of(group));
    EXPECT_EQ(id_of(subscription).group_scope(), id_of(subscription));
    EXPECT_EQ(id_of(child).group_scope().text(), group);
}

}  // namespace
}  // namespace kssedr::rotation
