// A search, or a part of one, from what it is given to its result.
#pragma once

#include <chrono>
#include <memory>

#include "engine/engine.hpp"
#include "engine/halt.hpp"
#include "lanewise/result.hpp"
#include "outcome.hpp"
#include "setting.hpp"
#include "state.hpp"

namespace lanewise {

/// Either begins or goes on, once.
class SearchJob {
  public:
    /// Keeps references to all. \throws std::invalid_argument as minimize.
    SearchJob(const Objective& objective, const Box& box, const Options& options);

    Outcome begin();
    /// \throws std::invalid_argument naming what differs from the search that was saved.
    Outcome resume(OpenState saved);
    /// Does not go on. \throws std::invalid_argument where a part is done: its runs are not in the state.
    Outcome found(const OpenState& saved);

    /// \throws NothingFinite when there is no best point.
    Result tell(Outcome outcome);

    const Setting& setting() const noexcept { return setting_; }

  private:
    Engine& engine();
    Outcome outcome_of(Findings findings);

    Setting setting_;
    Halt halt_;
    std::unique_ptr<Engine> engine_;
    Profile profile_ = {};
    std::chrono::steady_clock::time_point end_of_search_ = {};
};

}  // namespace lanewise
