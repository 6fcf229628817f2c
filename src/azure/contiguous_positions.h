/// ContiguousPositions: how far a stream of messages may be acknowledged, when many of them are under way at once.
///
/// Messages are handed out in the stream's order and completed in any. What may be acknowledged is the last of those
/// before which every one is complete: acknowledging a position says that all before it are done. Positions need not
/// be dense, or numbers: order is that of handing out. Pure. One thread.

#pragma once

#include "base/check.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

namespace kssedr::azure {

template <class Position>
class ContiguousPositions {
public:
    /// Names a message that is under way.
    enum class Ticket : std::uint64_t {};

    [[nodiscard]] Ticket hand_out(Position position) {
        under_way_.push_back({std::move(position), false});
        return Ticket{first_ + under_way_.size() - 1};
    }

    /// The message is done with. True: `contiguous()` has come further. Each ticket is completed once.
    bool complete(Ticket ticket) {
        auto const number = static_cast<std::uint64_t>(ticket);
        KSSEDR_CHECK(number >= first_ && number - first_ < under_way_.size(), "a ticket that is not under way");
        auto& entry = under_way_[number - first_];
        KSSEDR_CHECK(!entry.is_complete, "completed twice");
        entry.is_complete = true;
        bool has_advanced = false;
        while (!under_way_.empty() && under_way_.front().is_complete) {
            contiguous_ = std::move(under_way_.front().position);
            under_way_.pop_front();
            ++first_;
            has_advanced = true;
        }
        return has_advanced;
    }

    /// The last position up to which all is complete; nothing before the first is.
    [[nodiscard]] std::optional<Position> const& contiguous() const { return contiguous_; }
    /// Whether something that was handed out is not complete.
    [[nodiscard]] bool is_under_way() const { return !under_way_.empty(); }
    /// How many are remembered: those under way, and those that wait for one before them.
    [[nodiscard]] std::size_t size() const { return under_way_.size(); }

private:
    struct Entry {
        Position position;
        bool is_complete;
    };

    std::deque<Entry> under_way_;  // its front is not complete
    std::uint64_t first_ = 0;      // the front's ticket
    std::optional<Position> contiguous_;
};

}  // namespace kssedr::azure
