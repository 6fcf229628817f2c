#include "world.h"

namespace kssedr::simulation {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

// Within what time what a process sent lands, where the service does it at once.
constexpr Duration in_the_air = std::chrono::seconds{35};

Plan adapted(Plan plan, Services* services) {
    if (services != nullptr) services->adapt(plan);
    return plan;
}

}  // namespace

World::World(Plan const& plan, Mutation mutation, Trace::Sink sink, MakeServices const& make_services)
    : services_(make_services ? make_services(mutation) : nullptr),
      plan_(adapted(plan, services_.get())),
      chance_(Chance::stream(plan.seed, 2)),
      trace_(timeline_, std::move(sink)),
      estate_(timeline_, plan_, Chance::stream(plan.seed, 3), services_ ? services_->kinds() : plain_kinds()),
      checker_(estate_, timeline_, plan_),
      leases_(timeline_),
      surroundings_{timeline_, estate_, checker_, leases_, plan_, statistics_, trace_, mutation, services_.get()},
      hosts_(static_cast<std::size_t>(plan.processes)) {
    estate_.watch(checker_);
    estate_.on_publication = [this](int secret) { announce(secret); };
}

World::~World() {
    is_ending_ = true;
    for (auto& host : hosts_)
        if (host.process) timeline_.end(host.process->context().life);
    // What sleeps is woken to unwind; nothing of it may outlive what it refers to.
    timeline_.resume();
    timeline_.run_until(timeline_.now());
}

Verdict World::run() {
    for (std::size_t i = 0; i < estate_.secrets.size(); ++i) {
        trace_.say("in the beginning {} holds {} of {}", estate_.secrets[i].key,
                   short_name(estate_.key(estate_.secrets[i].current().holds).text),
                   estate_.owners[static_cast<std::size_t>(estate_.secrets[i].owner)].name);
        announce(static_cast<int>(i));
    }
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
        hosts_[i].skew = chance_.between(-plan_.process_skew, plan_.process_skew);
        start(i);
        if (i < static_cast<std::size_t>(plan_.sweepers))
            timeline_.at(timeline_.now() + chance_.between({}, plan_.sweep_every), [this, i] { sweep_regularly(i); });
    }
    people();
    timeline_.run_until(SteadyPoint{plan_.horizon});
    calm_down();
    statistics_.worlds = 1;
    statistics_.virtual_years = static_cast<double>(timeline_.now().since_start / hours{1}) / (24 * 365);
    return {checker_.violation(), statistics_};
}

void World::start(std::size_t index) {
    auto& host = hosts_[index];
    auto const number = static_cast<int>(index) + 10 * host.runs++;
    host.process = std::make_unique<Process>(surroundings_, number, Chance::stream(chance_.next(), 4), host.skew);
    auto& process = *host.process;
    process.context().die_within = [this, index, run = host.runs](Duration span) {
        timeline_.at(timeline_.now() + chance_.between({}, span), [this, index, run] {
            // It may have died otherwise meanwhile.
            if (!is_calm_ && hosts_[index].process && hosts_[index].runs == run) kill(index);
        });
    };
    process.context().send_overdue = [this](int owner, SteadyPoint lands) { checker_.excuse(owner, lands); };
    process.context().meddle = [this](int owner) { meddle(owner); };
    process.lock().on_broken = [this](std::string const& owner_key) {
        for (std::size_t i = 0; i < estate_.owners.size(); ++i) {
            // Until its holder has noticed, and what it sent has landed, two may act.
            constexpr Duration until_noticed = LeaseService::renewed_after + LeaseService::length;
            if (estate_.owners[i].id.key() != owner_key) continue;
            auto const goes_on = estate_.owners[i].kind->is_long_running ? plan_.operation_max : Duration{};
            checker_.excuse(static_cast<int>(i), timeline_.now() + until_noticed + goes_on);
        }
    };
    process.lock().on_ran_out = [this](std::string const& owner_key) { excuse_what_goes_on(owner_key); };
    trace_.say("process {} starts", number);
}

void World::kill(std::size_t index) {
    auto& process = *hosts_[index].process;
    statistics_.add(Fault::killed);
    trace_.say("process {} dies", process.context().number);
    // Without leases nothing tells its successor of what it sent: that may land within its deadline.
    if (!plan_.has_leases)
        for (auto const& attempt : process.context().attempts)
            checker_.excuse(estate_.secrets[static_cast<std::size_t>(attempt.secret)].owner,
                            timeline_.now() + in_the_air);
    for (auto const& owner : estate_.owners) excuse_what_goes_on(owner.id.key());
    // Only what came out of one process is looked after; nobody else points into it but its own coroutines.
    while (!dead_.empty() && dead_.front()->running() == 0) dead_.pop_front();
    auto owned = std::move(hosts_[index].process);
    auto& life = owned->context().life;
    dead_.push_back(std::move(owned));
    timeline_.end(life);
    timeline_.at(timeline_.now() + chance_.between(std::chrono::milliseconds{1}, plan_.restart_max), [this, index] {
        // The calm may have begun, and started it, meanwhile.
        if (!hosts_[index].process) start(index);
    });
}

// What a service goes on with outlives its caller, killed or paused, and the caller's lease: a successor can not know
// of it.
void World::excuse_what_goes_on(std::string const& owner_key) {
    for (std::size_t i = 0; i < estate_.owners.size(); ++i)
        if (estate_.owners[i].id.key() == owner_key && estate_.owners[i].kind->is_long_running)
            checker_.excuse(static_cast<int>(i), timeline_.now() + in_the_air + plan_.operation_max);
}

void World::sweep_regularly(std::size_t index) {
    if (is_calm_) return;
    if (hosts_[index].process && hosts_[index].process->running() < 50) hosts_[index].process->sweep();
    timeline_.at(timeline_.now() + plan_.sweep_every, [this, index] { sweep_regularly(index); });
}

Process* World::find_living() {
    auto const first = chance_.pick(hosts_.size());
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
        auto const& host = hosts_[(first + i) % hosts_.size()];
        if (host.process) return host.process.get();
    }
    return nullptr;
}

// Nothing goes wrong any more: the promises that hold then.
void World::calm_down() {
    trace_.say("everything becomes calm");
    is_calm_ = true;
    plan_.become_calm();
    auto const calm_since = timeline_.now();
    for (std::size_t i = 0; i < hosts_.size(); ++i)
        if (!hosts_[i].process) start(i);
    people_clean_up();
    // What was under way in the storm has ended, what was thrown into the air has come down, and that a service could
    // not be reached is forgotten.
    constexpr Duration settles = minutes{70};
    constexpr Duration sweep_takes = minutes{50};
    timeline_.run_until(calm_since + settles);
    name_pairs();
    Duration longest{};
    for (std::size_t i = 0; i < estate_.owners.size(); ++i)
        longest = std::max(longest, checker_.bound(static_cast<int>(i)));
    // A window is of use to a sweep that comes while it is open.
    if (plan_.within_windows > 0) plan_.sweep_every = std::min<Duration>(plan_.sweep_every, hours{4});
    while (!checker_.violation() && timeline_.now() - calm_since < longest + 2 * plan_.sweep_every) {
        auto const began = timeline_.now();
        if (surroundings_.mutation != Mutation::forget_the_sweep)
            for (auto& host : hosts_) host.process->sweep();
        timeline_.run_until(began + sweep_takes);
        // Every sweep looks for versions that died lately, one a day for all of them.
        if (began - calm_since >= days{1}) {
            checker_.expect_whole();
            for (auto const owner : leaking_) checker_.expect_replaced(owner);
        }
        checker_.expect_nothing_overdue(calm_since);
        checker_.expect_revoked(calm_since);
        if (!checker_.violation()) expect_all_ended();
        timeline_.run_until(began + plan_.sweep_every);
    }
}

void World::expect_all_ended() {
    // What a late event began a moment ago ends within its delivery's budget.
    constexpr Duration longest_attempt = minutes{20};
    auto const give_up_at = timeline_.now() + longest_attempt;
    auto const is_at_work = [](auto const& host) { return host.process->running() > 0; };
    while (timeline_.now() < give_up_at && std::ranges::any_of(hosts_, is_at_work))
        timeline_.run_until(timeline_.now() + minutes{1});
    for (auto const& host : hosts_)
        if (is_at_work(host))
            checker_.violate("I4", fmt::format("process {} has {} attempts that do not end",
                                               host.process->context().number, host.process->running()));
}

}  // namespace kssedr::simulation
