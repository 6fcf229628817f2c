#include "engine/rotator.h"

#include "engine/attempt.h"

namespace kssedr::engine {

Task<Examination> Rotator::rotate(RotationRequest request) {
    Attempt attempt(ports_, policy_, doubts_, request);
    co_return co_await attempt.run();
}

}  // namespace kssedr::engine
