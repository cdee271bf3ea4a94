#include "setup.hpp"

#include "objective/row_batches.hpp"
#include "threads.hpp"

namespace lanewise {

Setup::Setup(const Objective& the_objective, const Box& the_box, const Options& options)
    : coordinates(std::make_shared<const Coordinates>(the_objective, the_box, options.start_points)),
      objective(&coordinates->objective()),
      batches(options.batch_rows ? row_batches(*objective, *options.batch_rows, options.seed, options.jit)
                                 : nullptr),
      box(std::make_shared<const SearchBox>(coordinates->box())),
      isa(choose_isa(options.isa)),
      precision(options.precision),
      sign(options.maximize ? -1 : 1),
      target(options.target ? sign * *options.target : -std::numeric_limits<double>::infinity()),
      threads(the_objective.calls() == Calls::from_the_caller ? 1 : available_threads(options.threads)),
      tile_lanes(options.tile_lanes),
      memory(options.memory),
      jit(options.jit),
      is_profiled(static_cast<bool>(options.profile)) {}

}  // namespace lanewise
