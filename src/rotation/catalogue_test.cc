#include "rotation/catalogue.h"

#include <gtest/gtest.h>

namespace kssedr::rotation {
namespace {

ArmId id(std::string_view text) {
    return *ArmId::parse("/subscriptions/s/resourceGroups/g/providers/" + std::string(text));
}

CatalogueEntry entry(std::string name, std::string type, EntryShape shape = EntryShape::slots) {
    CatalogueEntry made;
    made.id = std::move(name);
    made.title = "Title of " + made.id;
    made.type = std::move(type);
    made.shape = shape;
    return made;
}

Catalogue catalogue() {
    auto query = entry("query", "Microsoft.Search/searchServices", EntryShape::list);
    query.reason = "they are never changed";
    query.instead = "use roles";
    auto media = entry("media", "Microsoft.Media/mediaservices", EntryShape::retired);
    media.reason = "the service has been retired";
    media.instead = "remove the secret";
    return Catalogue({query, entry("search", "Microsoft.Search/searchServices"), media,
                      entry("rule", "Microsoft.ServiceBus/namespaces/queues/authorizationRules"),
                      entry("redis", "Microsoft.Cache/redis")});
}

TEST(CatalogueFind, ByTypeAndSlotsFirst) {
    auto const all = catalogue();
    EXPECT_EQ(all.find(id("microsoft.search/SEARCHservices/x"))->id, "search");
    EXPECT_EQ(all.find(id("Microsoft.ServiceBus/namespaces/n/queues/q/authorizationRules/r"))->id, "rule");
    EXPECT_EQ(all.find(id("Microsoft.Media/mediaservices/m"))->id, "media");
    EXPECT_EQ(all.find(id("Microsoft.ServiceBus/namespaces/n")), nullptr);
    EXPECT_EQ(all.find("redis")->type, "Microsoft.Cache/redis");
    EXPECT_EQ(all.find("Redis"), nullptr);
}

TEST(CatalogueFind, WhatIsNotRotatedIsExplained) {
    auto const all = catalogue();
    EXPECT_EQ(explain_unserved(all, id("Microsoft.Media/mediaservices/m")),
              "Title of media (Microsoft.Media/mediaservices) is not rotated: the service has been retired; "
              "remove the secret");
    EXPECT_EQ(explain_unserved(all, id("Microsoft.Cache/redsi/r")),
              "the catalogue has no resources of type Microsoft.Cache/redsi; the nearest it has is "
              "Microsoft.Cache/redis (redis); `kssedr providers` lists them all");
    EXPECT_EQ(Catalogue().nearest("x"), nullptr);
}

TEST(CataloguePlaceholders, AreFilledFromTheOwnersId) {
    auto const rule = id("Microsoft.ServiceBus/namespaces/shop/queues/orders/authorizationRules/send");
    auto const cloud = *find_cloud("china");
    struct Case {
        std::string_view text, filled;
    };
    for (auto const& [text, filled] : std::vector<Case>{{"", ""},
                                                        {"x", "x"},
                                                        {"{name}", "send"},
                                                        {"{1}/{2}/{3}", "shop/orders/send"},
                                                        {"{4}", "{4}"},
                                                        {"{0}{10}{", "{0}{10}{"},
                                                        {"a.{1}.*.{storage_suffix}", "a.shop.*.core.chinacloudapi.cn"},
                                                        {"{{name}}", "{send}"},
                                                        {R"({"k":"{slot}"})", R"({"k":"{slot}"})"}})
        EXPECT_EQ(fill_placeholders(text, rule, cloud), filled) << text;
    EXPECT_EQ(find_unknown_placeholder("{name}{1}{2}{storage_suffix}", "A.B/c/d"), "");
    EXPECT_EQ(find_unknown_placeholder("{name}{3}", "A.B/c/d"), "{3}");
    EXPECT_EQ(find_unknown_placeholder("{slot}", "A.B/c"), "{slot}");
}

TEST(CatalogueShape, IsFilledForTheOwnerAndTheCloud) {
    auto queue = entry("rule", "Microsoft.ServiceBus/namespaces/queues/authorizationRules");
    queue.keys = {{KeyForm::Kind::text, 20, 40, "{1}-", "-"}};
    queue.connection =
        EntryConnection{.key = "SharedAccessKey", .needs = {"Endpoint"}, .members = {{"EntityPath", "{2}"}}};
    queue.urls = {{"amqps", "{name}", ""}};
    queue.hosts = {{"public", {"{1}.servicebus.windows.net"}}};
    auto const owner = id("Microsoft.ServiceBus/namespaces/shop/queues/orders/authorizationRules/send");
    auto const shape = shape_of(queue, owner, *find_cloud("public"));
    EXPECT_EQ(shape.owner_name, "shop");
    EXPECT_EQ(shape.keys.front().begins, "shop-");
    EXPECT_EQ(shape.key_member, "SharedAccessKey");
    EXPECT_EQ(shape.needed_members, std::vector<std::string>{"Endpoint"});
    EXPECT_EQ(shape.fixed_members, (std::vector<FixedMember>{{"EntityPath", "orders"}}));
    EXPECT_EQ(shape.urls.front().user, "send");
    EXPECT_EQ(shape.hosts, std::vector<std::string>{"shop.servicebus.windows.net"});
    EXPECT_TRUE(shape_of(queue, owner, *find_cloud("china")).hosts.empty());

    queue.connection.reset();
    auto const bare = shape_of(queue, owner, *find_cloud("public"));
    EXPECT_TRUE(bare.key_member.empty() && bare.owner_member.empty() && bare.needed_members.empty());
}

}  // namespace
}  // namespace kssedr::rotation
