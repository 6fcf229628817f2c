/// World: one seed, from its first day to its verdict.
///
/// Storm, then calm: for the plan's horizon everything that the plan knows goes wrong; then nothing does any more, and
/// what was broken has to be whole within one sweep, what is due to be done within the bound.

#pragma once

#include "process.h"

#include <deque>
#include <set>

namespace kssedr::simulation {

struct Verdict {
    std::optional<Violation> violation;
    Statistics statistics;
};

class World {
public:
    explicit World(Plan const& plan, Mutation mutation = Mutation::none, Trace::Sink sink = nullptr,
                   MakeServices const& make_services = nullptr);
    ~World();
    World(World const&) = delete;
    World& operator=(World const&) = delete;

    Verdict run();

private:
    /// One run of a process after the other, in one place.
    struct Host {
        std::unique_ptr<Process> process;
        Duration skew{};
        int runs = 0;
    };

    // Processes: world.cc.
    void start(std::size_t host);
    void kill(std::size_t host);
    void sweep_regularly(std::size_t host);
    [[nodiscard]] Process* find_living();
    void excuse_what_goes_on(std::string const& owner_key);
    void calm_down();
    void expect_all_ended();

    // Events: world_events.cc.
    void announce(int secret);
    void announce_at(SteadyPoint when, EventSent::Kind kind, int secret, std::string const& version);
    void deliver(std::vector<EventSent> events, int tries_left);
    void add_strangers(std::vector<EventSent>& events);
    [[nodiscard]] std::string next_event_id() { return fmt::format("e{}", ++events_sent_); }

    // People and other tools: world_people.cc.
    void people();
    void people_clean_up();
    template <class Act>
    void now_and_then(double times_a_year, Act act);
    void meddle(int owner);
    void regenerate_by_hand(int owner);
    void write_by_hand(int secret);
    void write(int secret, std::string_view credential);
    void write_nonsense(int secret);
    void switch_off(int secret);
    void remove(int secret);
    void freeze(int secret);
    void leak(int secret);
    void answer_leak(int secret, KeyId key);
    void take_rights();
    void name_pairs();
    [[nodiscard]] int any_secret() { return static_cast<int>(chance_.pick(estate_.secrets.size())); }
    [[nodiscard]] Duration a_while() { return chance_.between(std::chrono::hours{1}, std::chrono::days{20}); }

    std::unique_ptr<Services> services_;
    Plan plan_;
    Chance chance_;
    Timeline timeline_;
    Trace trace_;
    Statistics statistics_;
    Estate estate_;
    Checker checker_;
    LeaseService leases_;
    Surroundings surroundings_;
    std::vector<Host> hosts_;
    /// Processes that died; their coroutines have unwound, or are about to.
    std::deque<std::unique_ptr<Process>> dead_;
    std::uint64_t events_sent_ = 0;
    int leaks_answered_ = 0;
    std::set<int> leaking_;  ///< owners one of whose credentials has leaked and is not replaced yet
    SteadyPoint next_meddling_{};
    bool is_calm_ = false;
    bool is_ending_ = false;
};

}  // namespace kssedr::simulation
