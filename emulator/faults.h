/// Faults that a test orders: delays, refusals, resets, and calls that are held until they are let go.
///
/// A fault matches calls by service, operation, a part of the resource's name and of the caller's User-Agent, passes
/// over the first `after` of them and meets the next `times`. "before" means the service did nothing; "after" means it
/// did, and the answer is lost or held. So a client can be killed at every call, on either side of its effect.

#pragma once

#include "async/async.h"
#include "base/time.h"
#include "emulator/json.h"
#include "emulator/service.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <list>
#include <optional>
#include <string>
#include <vector>

namespace kssedr::emulator {

enum class Side { none, before, after };

struct FaultAction {
    Duration delay{};
    unsigned status = 0;  ///< 0: the service's own answer
    std::string code;
    std::string message;
    std::vector<std::pair<std::string, std::string>> headers;
    std::optional<std::string> body;
    bool effect = false;  ///< with `status`: the service acts all the same, and its answer is replaced
    bool empty_page = false;
    Side reset = Side::none;
    Side hold = Side::none;
};

struct Fault {
    std::uint64_t id = 0;
    std::string service;
    std::string operation;  ///< may end in `*`; empty: any
    std::string resource;
    std::string user_agent;  ///< a part of it, as it is spelled; empty: any
    std::int64_t after = 0;
    std::int64_t times = 1;  ///< 0: for ever
    std::int64_t seen = 0;
    std::int64_t met = 0;
    FaultAction action;
};

class Faults {
public:
    /// Adds what a list (or one object) says; `invalid_argument` with a sentence where it is wrong, and then nothing.
    [[nodiscard]] Result<json::array> add(json::value const& list);
    void clear() { faults_.clear(); }
    [[nodiscard]] json::array to_json() const;
    /// What is to befall a call; counts it.
    [[nodiscard]] std::optional<FaultAction> meet(ServiceKind service, Call const& call);

private:
    std::vector<Fault> faults_;
    std::uint64_t next_ = 1;
};

class Holds {
public:
    explicit Holds(asio::any_io_executor executor) : executor_(std::move(executor)) {}

    /// Waits until it is let go.
    Task<void> wait(std::uint64_t call, std::string what);
    [[nodiscard]] json::array to_json() const;
    /// How many were let go: the one of that call, or all without a number.
    std::size_t release(std::optional<std::uint64_t> call);

private:
    struct Hold {
        std::uint64_t call;
        std::string what;
        bool released;
        asio::steady_timer timer;
    };
    asio::any_io_executor executor_;
    std::list<Hold> holds_;
};

}  // namespace kssedr::emulator
