#include "config/settings.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

namespace kssedr::config {
namespace {

class File {
public:
    explicit File(std::string_view text) { std::ofstream(path_) << text; }
    ~File() { std::remove(path_.c_str()); }
    std::string const& path() const { return path_; }

private:
    std::string path_ = ::testing::TempDir() + "kssedr_source_test.toml";
};

std::expected<Loaded, Problems> load_text(std::string_view text, Environment more = {}) {
    Environment environment{{"tenantId", "t"}, {"clientId", "c"}, {"clientSecret", "s"}};
    for (auto& [name, value] : more) environment[name] = std::move(value);
    File const file(text);
    return load(environment, {.config_file = file.path()});
}

TEST(Source, EachKindIsUnderstood) {
    auto const loaded = load_text(R"(
[[source]]
name = "hub"
type = "event-hub"
namespace = "Shop.servicebus.windows.net"
hub = "near-expiry"
consumer_group = "kssedr"
secret_from = "HUB_CONNECTION"
start = "2026-01-15T09:30:00Z"
on_lost_position = "stop"
transport = "websocket"
sign_in = "plain"

[[source]]
name = "kafka"
type = "kafka"
brokers = "shop.servicebus.windows.net:9093, b.example.com:9093"
topic = "near-expiry"
secret_from = "HUB_CONNECTION"
start = "latest"

[[source]]
name = "pull"
type = "event-grid-namespace"
namespace = "shop.westeurope-1.eventgrid.azure.net"
topic = "secrets"
subscription = "kssedr"

[[source]]
name = "poison"
type = "storage-queue"
queue = "kssedr-poison"
service = "https://shop.queue.core.windows.net/"
)",
                                  {{"HUB_CONNECTION", "Endpoint=sb://shop"}});
    ASSERT_TRUE(loaded) << loaded.error().front();
    auto const& sources = loaded->settings.daemon.sources;
    ASSERT_EQ(sources.size(), 4U);
    EXPECT_EQ(sources[0].host, "shop.servicebus.windows.net");
    EXPECT_EQ(sources[0].group, "kssedr");
    EXPECT_EQ(sources[0].start, EventSourceSetting::Start::time);
    EXPECT_EQ(sources[0].on_lost_position, EventSourceSetting::OnLostPosition::stop);
    EXPECT_EQ(sources[0].transport, EventSourceSetting::Transport::websocket);
    EXPECT_EQ(sources[0].sign_in, EventSourceSetting::SignIn::plain);
    EXPECT_TRUE(sources[0].secret.equals("Endpoint=sb://shop"));
    EXPECT_EQ(sources[1].user, "$ConnectionString");
    EXPECT_EQ(sources[1].group, "kssedr");
    EXPECT_EQ(sources[2].group, "kssedr");
    EXPECT_EQ(sources[3].host, "https://shop.queue.core.windows.net");
    // Credentials of its own are holders that never move.
    EXPECT_EQ(loaded->settings.own_credentials.back().name, "HUB_CONNECTION");
}

TEST(Source, MistakesAreSaidWithTheirLine) {
    struct Case {
        std::string text;
        std::string said;
    };
    for (auto const& [text, said] : std::vector<Case>{
             {"[[source]]\nname = \"a\"\ntype = \"event-hbu\"\n", ":3, source: type is event-hub, kafka"},
             {"[[source]]\nname = \"a\"\ntype = \"event-hub\"\nhub = \"h\"\n", "namespace is to be a host"},
             {"[[source]]\nname = \"a\"\ntype = \"event-hub\"\nnamespace = \"a.b\"\nhub = \"h\"\ntopic = \"t\"\n",
              "has no member \"topic\""},
             {"[[source]]\nname = \"a b\"\ntype = \"storage-queue\"\nqueue = \"q\"\n", "name is to be a word"},
             {"[[source]]\nname = \"a\"\ntype = \"storage-queue\"\nqueue = \"q\"\nservice = \"http://x.y\"\n",
              "service is the queue service's URL"},
             {"[[source]]\nname = \"a\"\ntype = \"kafka\"\nbrokers = \"one\"\ntopic = \"t\"\n",
              "brokers are host:port"},
             {"[[source]]\nname = \"a\"\ntype = \"kafka\"\nbrokers = \"o:1\"\ntopic = \"t\"\nuser = \"u\"\n",
              "a user needs secret_from"},
             {"[[source]]\nname = \"a\"\ntype = \"kafka\"\nbrokers = \"o:1\"\ntopic = \"t\"\nsecret_from = \"NONE\"\n",
              "the environment has no NONE"},
             {"[[source]]\nname = \"a\"\ntype = \"storage-queue\"\nqueue = \"q\"\n[[source]]\nname = \"a\"\n"
              "type = \"storage-queue\"\nqueue = \"r\"\n",
              "has the same name, a"},
             {"[[source]]\nname = \"a\"\ntype = \"event-hub\"\nnamespace = \"a.b\"\nhub = \"h\"\nstart = \"noon\"\n",
              "start is earliest, latest"},
         }) {
        auto const loaded = load_text(text);
        ASSERT_FALSE(loaded) << text;
        EXPECT_NE(loaded.error().front().find(said), std::string::npos) << loaded.error().front();
    }
}

TEST(Daemon, TheOriginalsSettingsMakeASource) {
    auto const loaded = load_text("", {{"EventHub.fullyQualifiedNamespace", "shop.servicebus.windows.net"},
                                       {"EventHub.Name", "hub"},
                                       {"KSSEDR_LISTEN", "[::]:9000"},
                                       {"KSSEDR_SWEEP_EVERY", "PT15M"}});
    ASSERT_TRUE(loaded) << loaded.error().front();
    auto const& daemon = loaded->settings.daemon;
    ASSERT_EQ(daemon.sources.size(), 1U);
    EXPECT_EQ(daemon.sources[0].entity, "hub");
    EXPECT_EQ(daemon.sources[0].group, "$Default");
    EXPECT_EQ(daemon.listen_address, "::");
    EXPECT_EQ(daemon.listen_port, 9000);
    EXPECT_EQ(daemon.sweep_every, std::chrono::minutes{15});
    EXPECT_FALSE(daemon.checkpoints);
}

TEST(Daemon, DoorsAreShutUntilSomebodyMayComeIn) {
    auto const shut = load_text("");
    ASSERT_TRUE(shut);
    EXPECT_TRUE(shut->settings.daemon.push.secret.empty());
    EXPECT_TRUE(shut->settings.daemon.api.token.empty());
    auto const open = load_text("push_audience = \"api://kssedr, 0f\"\npush_secret_header = \"X-Key\"\n",
                                {{"KSSEDR_PUSH_SECRET", "0123456789abcdef"}, {"KSSEDR_API_TOKEN", "fedcba9876543210"}});
    ASSERT_TRUE(open) << open.error().front();
    auto const& daemon = open->settings.daemon;
    EXPECT_EQ(daemon.push.audiences, (std::vector<std::string>{"api://kssedr", "0f"}));
    EXPECT_EQ(daemon.push.secret_header, "x-key");
    EXPECT_TRUE(daemon.push.secret.equals("0123456789abcdef"));
    EXPECT_TRUE(daemon.api.token.equals("fedcba9876543210"));
    EXPECT_FALSE(load_text("", {{"KSSEDR_API_TOKEN", "short"}}));
    EXPECT_FALSE(load_text("", {{"KSSEDR_PUSH_SECRET", "0123456789 abcdef"}}));
    EXPECT_FALSE(load_text("push_secret_header = \"a:b\"\n"));
    EXPECT_FALSE(load_text("api_audience = \"x\"\n", {{"tenantId", ""}, {"AZURE_TENANT_ID", ""}}));
}

TEST(Daemon, CheckpointsAreInOwnStorageUnlessSomebodySaysOtherwise) {
    constexpr auto storage = "UseDevelopmentStorage=true";
    auto const loaded = load_text("", {{"AzureWebJobsStorage", storage}});
    ASSERT_TRUE(loaded);
    ASSERT_TRUE(loaded->settings.daemon.checkpoints);
    EXPECT_EQ(loaded->settings.daemon.checkpoints->name, "kssedr-checkpoints");
    EXPECT_EQ(loaded->settings.daemon.own_queues->queue_endpoint, "http://127.0.0.1:10001/devstoreaccount1");
    auto const in_store = load_text("checkpoints = \"store\"\n", {{"AzureWebJobsStorage", storage}});
    ASSERT_TRUE(in_store);
    EXPECT_FALSE(in_store->settings.daemon.checkpoints);
    EXPECT_FALSE(load_text("checkpoints = \"elsewhere\"\n"));
    EXPECT_FALSE(load_text("listen = \"localhost\"\n"));
    EXPECT_FALSE(load_text("listen = \"localhost:80\"\n"));
    EXPECT_FALSE(load_text("sweep_every = \"PT1S\"\n"));
}

}  // namespace
}  // namespace kssedr::config
