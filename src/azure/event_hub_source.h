/// EventHubSource: the events of an event hub, shared with whoever else reads for the same consumer group.
///
/// Every few seconds it looks who owns which partition, renews what it owns, and claims what it lacks of its share
/// (partition_balance.h). An owner that has not renewed for a while, as far as we saw, has lost its partitions: no
/// clocks are compared. Who claims last reads: all open with epoch 0, and the service ends the former link. Source of
/// the semantics: Microsoft's own processors. Event loop thread only.

#pragma once

#include "azure/partition_pump.h"

#include <list>
#include <map>
#include <memory>

namespace kssedr::azure {

struct EventHubSourceOptions {
    std::string name;
    ports::EventStream stream;  ///< in lower case
    EventPosition start;
    OnLostPosition on_lost_position = OnLostPosition::earliest;
    Duration look_every = std::chrono::seconds{10};
    Duration lapses_after = std::chrono::seconds{60};  ///< of any peer's: several times its `look_every`
};

class EventHubSource final : public ports::EventSource {
public:
    EventHubSource(asio::any_io_executor executor, std::unique_ptr<EventHubClient> client,
                   ports::Checkpoints& checkpoints, Clock& clock, Random& random, Log& log,
                   EventHubSourceOptions options);
    ~EventHubSource() override;

    [[nodiscard]] std::string const& name() const override { return options_.source; }
    Task<void> run(ports::EventConsumer& consumer) override;
    [[nodiscard]] ports::SourceHealth health() const override;

private:
    /// An ownership as it was last seen.
    struct Seen {
        ports::Ownership ownership;
        SteadyPoint since;  // it has not changed since then
    };

    Task<void> work(ports::EventConsumer& consumer);
    Async<void> look(ports::EventConsumer& consumer);
    Async<void> learn_partitions();
    void note(std::vector<ports::Ownership> const& ownerships);
    [[nodiscard]] std::map<std::string, std::string> active_owners() const;
    Task<void> renew();
    Async<void> claim(std::vector<std::string> const& partitions);
    Async<void> start_claimed(ports::EventConsumer& consumer);
    Task<void> let_go(std::string partition);
    Task<void> give_back();
    void set_trouble(ports::SourceState state, std::string reason);

    asio::any_io_executor executor_;
    std::unique_ptr<EventHubClient> client_;
    ports::Checkpoints& checkpoints_;
    Clock& clock_;
    Random& random_;
    Log& log_;
    PumpOptions options_;
    Duration look_every_;
    Duration lapses_after_;
    std::string me_;
    std::vector<std::string> partitions_;
    SteadyPoint learn_again_at_{};
    std::map<std::string, Seen> seen_;
    std::map<std::string, SteadyPoint> not_before_;  // until when those are left alone whose links were taken
    std::map<std::string, std::unique_ptr<PartitionPump>> pumps_;
    std::list<std::unique_ptr<PartitionPump>> leaving_;  // of partitions that are ours no more
    ports::SourceState state_ = ports::SourceState::starting;
    std::string reason_;
    TimePoint since_;
    TaskGroup tasks_;
};

}  // namespace kssedr::azure
