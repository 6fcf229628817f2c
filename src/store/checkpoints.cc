#include "store/checkpoints.h"

#include "store/chain.h"

namespace kssedr::store {
namespace {

using ports::Checkpoint;
using ports::EventStream;
using ports::Ownership;

// Event Hubs has two thousand partitions at most.
constexpr auto of_stream = " WHERE host = $1 AND hub = $2 AND consumers = $3";
constexpr auto of_partition = " WHERE host = $1 AND hub = $2 AND consumers = $3 AND part = $4";
constexpr auto in_order = " ORDER BY part LIMIT 10000";

// Offsets are opaque, and short.
constexpr std::size_t offset_max = 1'024;

struct StreamKey {
    explicit StreamKey(EventStream const& stream)
        : host(fit_name(stream.host)), hub(fit_name(stream.hub)), consumers(fit_name(stream.group)) {}

    std::string host;
    std::string hub;
    std::string consumers;
};

Result<std::optional<Ownership>> claim_one(Transaction& in, StreamKey const& of, Ownership claim) {
    claim.partition = fit_name(claim.partition);
    claim.owner = fit_name(claim.owner);
    auto const followed = fit_name(claim.tag);
    KSSEDR_TRY(auto const now, in.run(std::string("SELECT tag FROM ownerships") + of_partition,
                                      {of.host, of.hub, of.consumers, claim.partition}));
    auto const stored = now.empty() ? std::string() : text_at(now[0], 0);
    if (stored != followed) return std::optional<Ownership>();
    KSSEDR_TRY(auto const number, in.count("ownership_tag", 1));
    claim.tag = std::to_string(number);
    auto const changed = std::int64_t{claim.changed.time_since_epoch().count()};
    KSSEDR_TRY_VOID(
        in.run("INSERT INTO ownerships (host, hub, consumers, part, owner, tag, changed_ms) VALUES ($1, $2, "
               "$3, $4, $5, $6, $7) ON CONFLICT (host, hub, consumers, part) DO UPDATE SET owner = "
               "excluded.owner, tag = excluded.tag, changed_ms = excluded.changed_ms",
               {of.host, of.hub, of.consumers, claim.partition, claim.owner, claim.tag, changed}));
    return std::optional(std::move(claim));
}

Result<bool> update_one(Transaction& in, StreamKey const& of, Checkpoint const& checkpoint) {
    Value sequence;
    if (checkpoint.sequence) sequence = *checkpoint.sequence;
    KSSEDR_TRY_VOID(
        in.run("INSERT INTO checkpoints (host, hub, consumers, part, position, sequence) VALUES ($1, $2, $3, "
               "$4, $5, $6) ON CONFLICT (host, hub, consumers, part) DO UPDATE SET position = "
               "excluded.position, sequence = excluded.sequence",
               {of.host, of.hub, of.consumers, fit_name(checkpoint.partition),
                fit_name(checkpoint.offset).substr(0, offset_max), sequence}));
    return true;
}

}  // namespace

Async<std::vector<Ownership>> StoredCheckpoints::list_ownerships(EventStream stream, SteadyPoint deadline) {
    using Ownerships = std::vector<Ownership>;
    std::move_only_function<Result<Ownerships>(Transaction&)> job =
        [of = StreamKey(stream)](Transaction& in) -> Result<Ownerships> {
        KSSEDR_TRY(auto const rows,
                   in.run(std::string("SELECT part, owner, tag, changed_ms FROM ownerships") + of_stream + in_order,
                          {of.host, of.hub, of.consumers}));
        Ownerships ownerships;
        for (auto const& row : rows)
            ownerships.push_back(
                {text_at(row, 0), text_at(row, 1), text_at(row, 2), TimePoint(Duration(number_at(row, 3)))});
        return ownerships;
    };
    co_return co_await jobs_.read<Ownerships>(std::move(job), deadline);
}

Async<std::optional<Ownership>> StoredCheckpoints::claim(EventStream stream, Ownership claim, SteadyPoint deadline) {
    using Claimed = std::optional<Ownership>;
    claim.changed = clock_.now();
    std::move_only_function<Result<Claimed>(Transaction&)> job = [of = StreamKey(stream), claim](Transaction& in) {
        return claim_one(in, of, claim);
    };
    co_return co_await jobs_.write<Claimed>(std::move(job), deadline);
}

Async<std::vector<Checkpoint>> StoredCheckpoints::list_checkpoints(EventStream stream, SteadyPoint deadline) {
    using Listed = std::vector<Checkpoint>;
    std::move_only_function<Result<Listed>(Transaction&)> job =
        [of = StreamKey(stream)](Transaction& in) -> Result<Listed> {
        KSSEDR_TRY(auto const rows,
                   in.run(std::string("SELECT part, position, sequence FROM checkpoints") + of_stream + in_order,
                          {of.host, of.hub, of.consumers}));
        Listed listed;
        for (auto const& row : rows) {
            auto& checkpoint = listed.emplace_back(text_at(row, 0), text_at(row, 1), std::nullopt);
            if (std::holds_alternative<std::int64_t>(row.at(2))) checkpoint.sequence = number_at(row, 2);
        }
        return listed;
    };
    co_return co_await jobs_.read<Listed>(std::move(job), deadline);
}

Async<void> StoredCheckpoints::update(EventStream stream, Checkpoint checkpoint, SteadyPoint deadline) {
    std::move_only_function<Result<bool>(Transaction&)> job = [of = StreamKey(stream), checkpoint](Transaction& in) {
        return update_one(in, of, checkpoint);
    };
    KSSEDR_CO_TRY_VOID(co_await jobs_.write<bool>(std::move(job), deadline));
    co_return Result<void>{};
}

}  // namespace kssedr::store
