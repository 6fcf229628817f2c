#include "azure/event_hub_access.h"

#include <gtest/gtest.h>

namespace kssedr::azure {
namespace {

TEST(EventHubAccess, ConnectionStringsAreUnderstood) {
    auto const access = parse_event_hub_connection(
        "Endpoint=sb://Shop.servicebus.windows.net/; SharedAccessKeyName=listen;SharedAccessKey=abc=;EntityPath=hub",
        "");
    ASSERT_TRUE(access) << access.error().message();
    EXPECT_EQ(access->host, "shop.servicebus.windows.net");
    EXPECT_EQ(access->port, 5671);
    EXPECT_EQ(access->hub, "hub");
    EXPECT_EQ(access->key_name, "listen");
    EXPECT_TRUE(access->key.equals("abc="));
    auto const emulator = parse_event_hub_connection(
        "endpoint=sb://localhost:5700;SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true", "hub");
    ASSERT_TRUE(emulator);
    EXPECT_TRUE(emulator->is_emulator);
    EXPECT_EQ(emulator->port, 5700);
    EXPECT_TRUE(
        parse_event_hub_connection("Endpoint=sb://a.b;SharedAccessSignature=SharedAccessSignature sr=x", "hub"));
}

TEST(EventHubAccess, WhatIsWrongIsSaidWithoutAnyPartOfIt) {
    for (std::string_view const text : {
             "",
             "hush",
             "Endpoint=https://hush/;SharedAccessKeyName=a;SharedAccessKey=b",
             "Endpoint=sb://;SharedAccessKeyName=a;SharedAccessKey=b",
             "Endpoint=sb://hush:x;SharedAccessKeyName=a;SharedAccessKey=b",
             "Endpoint=sb://hush/path;SharedAccessKeyName=a;SharedAccessKey=b",
             "Endpoint=sb://hush;SharedAccessKeyName=a",
             "Endpoint=sb://hush;SharedAccessKey=b",
             "Endpoint=sb://hush;SharedAccessKeyName=a;SharedAccessKey=b;EntityPath=other",
         }) {
        auto const access = parse_event_hub_connection(text, "hub");
        ASSERT_FALSE(access) << text;
        EXPECT_EQ(access.error().message().find("hush"), std::string::npos) << access.error().message();
    }
    EXPECT_FALSE(parse_event_hub_connection("Endpoint=sb://a.b;SharedAccessKeyName=a;SharedAccessKey=b", ""));
}

// Recomputed with another implementation of HMAC.
TEST(EventHubAccess, SignaturesAreTheServices) {
    auto const token = make_access_signature("sb://ns.servicebus.windows.net/hub/ConsumerGroups/$Default/Partitions/0",
                                             "RootManageSharedAccessKey", SecretString::copy_of("c2VjcmV0"),
                                             TimePoint{std::chrono::seconds{1700000000}});
    EXPECT_TRUE(
        token.equals("SharedAccessSignature sr=sb%3A%2F%2Fns.servicebus.windows.net%2Fhub%2FConsumerGroups%2F%24"
                     "Default%2FPartitions%2F0&sig=O1cMP%2FX1sYO5mZ1xkEgavauIgGHYs1o8hdU6EKDoecg%3D&se="
                     "1700000000&skn=RootManageSharedAccessKey"))
        << token.expose();
}

}  // namespace
}  // namespace kssedr::azure
