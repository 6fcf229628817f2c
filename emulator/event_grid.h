/// EventGrid: notices what happens to secrets, keeps it for whoever asks, and pushes it to subscribed webhooks.
///
/// Delivery is at least once and by the documented schedule of retries, on the emulated clock but never less than 50
/// real milliseconds apart. Call `run()` in a TaskGroup; `tick()` does at once what is due.

#pragma once

#include "async/task_group.h"
#include "emulator/entra.h"
#include "emulator/event_schedule.h"
#include "emulator/key_vault.h"
#include "emulator/webhook.h"

#include <deque>
#include <list>

namespace kssedr::emulator {

struct EventSubscription {
    std::string name;
    std::string vault;  ///< empty: every vault
    Endpoint endpoint;
    EventSchema schema = EventSchema::cloud_events;
    std::vector<std::string> types;  ///< empty: every type
    std::string tenant;              ///< with `audience`: deliveries carry a token
    std::string audience;
    std::uint64_t delivered = 0;
    std::uint64_t dropped = 0;
};

class EventGrid final : public SecretObserver {
public:
    /// `login_host` is the issuer of delivery tokens.
    EventGrid(Ground ground, Entra& entra, std::string login_host, asio::any_io_executor executor);
    ~EventGrid() override;

    void secret_set(Vault const& vault, Secret const& secret) override;
    void secret_updated(Vault const& vault, Secret const& secret, SecretVersion const& version) override;

    /// Replaces one of the same name.
    void subscribe(EventSubscription subscription);
    [[nodiscard]] bool unsubscribe(std::string_view name);
    /// Event Grid's handshake with an endpoint; the reason where it does not consent.
    Async<void> shake_hands(EventSubscription const& subscription);

    /// Lets happen what is due.
    void tick();
    /// Ticks until it is cancelled.
    Task<void> run();
    Task<void> stop();

    [[nodiscard]] json::array events_since(std::uint64_t sequence, EventSchema schema) const;
    /// Delivers an event once more, with the same id. False where there is no such event.
    [[nodiscard]] bool redeliver(std::uint64_t sequence);
    [[nodiscard]] json::array subscriptions_to_json() const;
    [[nodiscard]] std::size_t expected() const { return schedule_.size(); }
    [[nodiscard]] std::size_t undelivered() const { return deliveries_.size(); }

private:
    struct Delivery {
        std::uint64_t event = 0;
        std::string subscription;
        int attempts = 0;
        TimePoint posted{};
        SteadyPoint posted_real{};
        TimePoint due{};
        SteadyPoint due_real{};
        bool under_way = false;
    };

    void happen(EventKind kind, Vault const& vault, Secret const& secret, SecretVersion const& version, TimePoint at);
    void post(VaultEvent const& event);
    void schedule(Vault const& vault, Secret const& secret, SecretVersion const& version);
    void fire(TimePoint at, ExpectedEvent const& expected);
    void start_deliveries();
    Task<void> deliver(std::list<Delivery>::iterator delivery, EventSubscription subscription, VaultEvent event);
    void settle(std::list<Delivery>::iterator delivery, unsigned status);
    EventSubscription* find_subscription(std::string_view name);
    VaultEvent const* find_event(std::uint64_t sequence) const;
    void authorize(EventSubscription const& subscription, WebhookRequest& request);

    Ground ground_;
    Entra& entra_;
    std::string login_host_;
    EventSchedule schedule_;
    std::list<EventSubscription> subscriptions_;
    std::deque<VaultEvent> events_;
    std::uint64_t next_ = 1;
    std::list<Delivery> deliveries_;
    TaskGroup tasks_;
};

}  // namespace kssedr::emulator
