#include "emulator/event_grid.h"

#include "base/ascii.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>

namespace kssedr::emulator {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t events_max = 100'000;
constexpr std::size_t deliveries_under_way_max = 64;
constexpr Duration tick_interval{20};
constexpr Duration shortest_real_delay{50};
// Event Grid gives up after a day. Where a day takes a second, an endpoint that is just starting gets a minute all the
// same.
constexpr Duration time_to_live = 24h;
constexpr Duration shortest_real_life = 1min;
constexpr std::array<Duration, 10> retry_delays = {10s, 30s, 1min, 5min, 10min, 30min, 1h, 3h, 6h, 12h};

TimePoint to_time(std::int64_t seconds) {
    return TimePoint{std::chrono::seconds{seconds}};
}

// What an endpoint says once and for all: the event is dropped.
bool is_final(unsigned status) {
    return status == 400 || status == 401 || status == 403 || status == 413;
}

Duration retry_delay(int attempts, unsigned status) {
    auto const at = std::min(static_cast<std::size_t>(attempts - 1), retry_delays.size() - 1);
    Duration const least = status == 404   ? Duration{5min}
                           : status == 408 ? Duration{2min}
                           : status == 503 ? Duration{30s}
                                           : Duration{10s};
    return std::max(retry_delays[at], least);
}

WebhookRequest make_delivery(EventSubscription const& subscription, VaultEvent const& event, int attempts) {
    WebhookRequest request;
    request.body = json::serialize(json::array{to_json(event, subscription.schema)});
    bool const cloud_events = subscription.schema == EventSchema::cloud_events;
    request.headers.emplace_back("Content-Type", cloud_events ? "application/cloudevents-batch+json; charset=utf-8"
                                                              : "application/json; charset=utf-8");
    request.headers.emplace_back("aeg-event-type", "Notification");
    request.headers.emplace_back("aeg-subscription-name", subscription.name);
    request.headers.emplace_back("aeg-delivery-count", std::to_string(attempts));
    if (!cloud_events) {
        request.headers.emplace_back("aeg-data-version", "1");
        request.headers.emplace_back("aeg-metadata-version", "1");
    }
    return request;
}

}  // namespace

EventGrid::EventGrid(Ground ground, Entra& entra, std::string login_host, asio::any_io_executor executor)
    : ground_(ground),
      entra_(entra),
      login_host_(std::move(login_host)),
      tasks_(executor, [this](std::string const& task, std::exception_ptr) {
          ground_.log.error("emulator.task_failed", {{"task", task}});
      }) {}

EventGrid::~EventGrid() = default;

void EventGrid::secret_set(Vault const& vault, Secret const& secret) {
    happen(EventKind::new_version, vault, secret, secret.current(), ground_.clock.now());
    schedule(vault, secret, secret.current());
}

void EventGrid::secret_updated(Vault const& vault, Secret const& secret, SecretVersion const& version) {
    schedule(vault, secret, version);
}

void EventGrid::schedule(Vault const& vault, Secret const& secret, SecretVersion const& version) {
    auto const expires = version.exp ? std::optional(to_time(*version.exp)) : std::nullopt;
    schedule_.expect(vault.place.name, secret.name, version.version, expires, ground_.clock.now());
}

void EventGrid::happen(EventKind kind, Vault const& vault, Secret const& secret, SecretVersion const& version,
                       TimePoint at) {
    VaultEvent event;
    event.sequence = next_++;
    event.id = ground_.random.uuid();
    event.kind = kind;
    event.vault_name = vault.place.name;
    event.vault_id = format_resource_id(vault.place, vault_type);
    event.host = version.host;
    event.secret = secret.name;
    event.version = version.version;
    event.nbf = version.nbf;
    event.exp = version.exp;
    event.at = at;
    events_.push_back(event);
    if (events_.size() > events_max) events_.pop_front();
    post(event);
}

void EventGrid::post(VaultEvent const& event) {
    for (auto const& subscription : subscriptions_) {
        auto const& types = subscription.types;
        bool const wanted = (types.empty() || std::ranges::find(types, to_string(event.kind)) != types.end()) &&
                            (subscription.vault.empty() || equals_ignore_case(subscription.vault, event.vault_name));
        if (!wanted) continue;
        Delivery delivery;
        delivery.event = event.sequence;
        delivery.subscription = subscription.name;
        delivery.due = delivery.posted = ground_.clock.now();
        delivery.posted_real = ground_.clock.real().steady_now();
        deliveries_.push_back(std::move(delivery));
    }
}

// A version that is gone, or no longer current, is not spoken of. A disabled one is, as the real service does.
void EventGrid::fire(TimePoint at, ExpectedEvent const& expected) {
    auto const vault = ground_.world.vaults.find(expected.vault);
    if (vault == ground_.world.vaults.end()) return;
    auto const* secret = vault->second.secrets.find(expected.secret);
    if (secret == nullptr) return;
    auto const version = std::ranges::find(secret->versions, expected.version, &SecretVersion::version);
    if (version == secret->versions.end()) return;
    bool const current = &*version == &secret->current();
    if (current || vault->second.events_for_old_versions) happen(expected.kind, vault->second, *secret, *version, at);
}

void EventGrid::tick() {
    for (auto const& [at, expected] : schedule_.take_due(ground_.clock.now())) fire(at, expected);
    start_deliveries();
}

Task<void> EventGrid::run() {
    for (;;) {
        tick();
        co_await ground_.clock.real().sleep_for(tick_interval);
    }
}

Task<void> EventGrid::stop() {
    tasks_.cancel();
    co_await tasks_.join();
}

void EventGrid::start_deliveries() {
    auto const now = ground_.clock.now();
    auto const real = ground_.clock.real().steady_now();
    for (auto delivery = deliveries_.begin(); delivery != deliveries_.end();) {
        auto const here = delivery++;
        if (here->under_way || here->due > now || here->due_real > real) continue;
        if (tasks_.size() >= deliveries_under_way_max) return;
        auto const* subscription = find_subscription(here->subscription);
        auto const* event = find_event(here->event);
        if (subscription == nullptr || event == nullptr) {
            deliveries_.erase(here);
            continue;
        }
        here->under_way = true;
        ++here->attempts;
        tasks_.spawn("delivery", deliver(here, *subscription, *event));
    }
}

Task<void> EventGrid::deliver(std::list<Delivery>::iterator delivery, EventSubscription subscription,
                              VaultEvent event) {
    auto request = make_delivery(subscription, event, delivery->attempts);
    authorize(subscription, request);
    auto const answer = co_await call_webhook(subscription.endpoint, std::move(request));
    settle(delivery, answer ? answer->status : 0);
}

void EventGrid::settle(std::list<Delivery>::iterator delivery, unsigned status) {
    auto* const subscription = find_subscription(delivery->subscription);
    bool const accepted = status >= 200 && status <= 204;
    bool const stale = ground_.clock.now() - delivery->posted > time_to_live &&
                       ground_.clock.real().steady_now() - delivery->posted_real > shortest_real_life;
    if (accepted || is_final(status) || subscription == nullptr || stale) {
        if (subscription != nullptr) ++(accepted ? subscription->delivered : subscription->dropped);
        deliveries_.erase(delivery);
        return;
    }
    delivery->under_way = false;
    delivery->due = ground_.clock.now() + retry_delay(delivery->attempts, status);
    delivery->due_real = ground_.clock.real().steady_now() + shortest_real_delay;
}

void EventGrid::authorize(EventSubscription const& subscription, WebhookRequest& request) {
    if (subscription.audience.empty()) return;
    request.headers.emplace_back(
        "Authorization",
        "Bearer " + entra_.make_delivery_token(subscription.tenant, subscription.audience, login_host_));
}

Async<void> EventGrid::shake_hands(EventSubscription const& subscription) {
    WebhookRequest request;
    auto const code = ground_.random.uuid();
    if (subscription.schema == EventSchema::cloud_events) {
        request.method = "OPTIONS";
        request.headers.emplace_back("WebHook-Request-Origin", "eventgrid.azure.net");
    } else {
        request.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
        request.headers.emplace_back("aeg-event-type", "SubscriptionValidation");
        request.headers.emplace_back("aeg-subscription-name", subscription.name);
        json::object event{{"id", ground_.random.uuid()},
                           {"topic", "/subscriptions"},
                           {"subject", ""},
                           {"data", json::object{{"validationCode", code}}},
                           {"eventType", "Microsoft.EventGrid.SubscriptionValidationEvent"},
                           {"eventTime", format_ticks(ground_.clock.now(), 0)},
                           {"metadataVersion", "1"},
                           {"dataVersion", "1"}};
        request.body = json::serialize(json::array{std::move(event)});
    }
    authorize(subscription, request);
    KSSEDR_CO_TRY(auto const answer, co_await call_webhook(subscription.endpoint, std::move(request)));
    if (answer.status != 200)
        co_return fail(Errc::permission_denied, "the endpoint answered the handshake with status " +
                                                    std::to_string(answer.status) + ", not 200");
    if (subscription.schema == EventSchema::cloud_events) {
        auto const origin = answer.header("WebHook-Allowed-Origin");
        if (origin == "*" || equals_ignore_case(origin, "eventgrid.azure.net")) co_return Result<void>();
        co_return fail(Errc::permission_denied, "the endpoint's answer to the handshake allows no origin");
    }
    if (answer.body.find(code) != std::string::npos) co_return Result<void>();
    co_return fail(Errc::permission_denied, "the endpoint's answer to the handshake does not hold the validation code");
}

void EventGrid::subscribe(EventSubscription subscription) {
    std::erase_if(subscriptions_, [&](auto const& one) { return equals_ignore_case(one.name, subscription.name); });
    subscriptions_.push_back(std::move(subscription));
}

bool EventGrid::unsubscribe(std::string_view name) {
    return std::erase_if(subscriptions_, [&](auto const& one) { return equals_ignore_case(one.name, name); }) > 0;
}

EventSubscription* EventGrid::find_subscription(std::string_view name) {
    auto const found = std::ranges::find(subscriptions_, name, &EventSubscription::name);
    return found == subscriptions_.end() ? nullptr : &*found;
}

VaultEvent const* EventGrid::find_event(std::uint64_t sequence) const {
    auto const found = std::ranges::lower_bound(events_, sequence, {}, &VaultEvent::sequence);
    return found == events_.end() || found->sequence != sequence ? nullptr : &*found;
}

json::array EventGrid::events_since(std::uint64_t sequence, EventSchema schema) const {
    json::array out;
    for (auto const& event : events_) {
        if (event.sequence > sequence)
            out.push_back(json::object{{"sequence", event.sequence}, {"event", to_json(event, schema)}});
    }
    return out;
}

bool EventGrid::redeliver(std::uint64_t sequence) {
    auto const* event = find_event(sequence);
    if (event == nullptr) return false;
    post(*event);
    start_deliveries();
    return true;
}

json::array EventGrid::subscriptions_to_json() const {
    json::array out;
    for (auto const& one : subscriptions_)
        out.push_back(json::object{
            {"name", one.name},
            {"vault", one.vault},
            {"endpoint", one.endpoint.text},
            {"schema", one.schema == EventSchema::cloud_events ? "CloudEventSchemaV1_0" : "EventGridSchema"},
            {"delivered", one.delivered},
            {"dropped", one.dropped}});
    return out;
}

}  // namespace kssedr::emulator
