/// CallLog: what was asked of the services and what came of it, for tests that count.
///
/// It keeps names, never values: no bodies, no queries, no headers.

#pragma once

#include "base/time.h"
#include "emulator/json.h"

#include <cstdint>
#include <deque>
#include <string>

namespace kssedr::emulator {

struct CallRecord {
    std::uint64_t sequence = 0;
    std::string service;
    std::string operation;
    std::string resource;
    std::string method;
    std::string path;
    std::string client_id;
    unsigned status = 0;  ///< 0: no answer was sent (reset, or still held)
    bool effect = false;  ///< the world was changed
    std::string fault;    ///< which part of a fault met it: `status`, `reset-before`, …
    TimePoint emulated{};
    TimePoint real{};
};

class CallLog {
public:
    /// Gives the record its number, by which it can be updated while it is kept.
    std::uint64_t add(CallRecord record);
    /// Changes a record that is still kept.
    void update(std::uint64_t sequence, unsigned status, bool effect, std::string const& client_id,
                std::string const& fault);
    void clear() { records_.clear(); }
    [[nodiscard]] json::array to_json(std::uint64_t since) const;

private:
    static constexpr std::size_t records_max = 100'000;
    std::deque<CallRecord> records_;
    std::uint64_t next_ = 1;
};

}  // namespace kssedr::emulator
