#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <vector>

#include "engine/engine.hpp"
#include "lanewise/minimize.hpp"
#include "region.hpp"
#include "setting.hpp"

namespace lanewise {

namespace {

/// The candidates of one start.
class OneStart final : public Origins {
  public:
    OneStart(const Starts& starts, std::uint64_t id) : starts_(&starts), id_(id) {}
    std::size_t candidates(std::size_t /*i*/) const override { return starts_->candidates(id_); }
    void candidate(std::size_t /*i*/, std::size_t which, std::span<double> x) const override {
        starts_->candidate(id_, which, x);
    }

  private:
    const Starts* starts_;
    std::uint64_t id_;
};

/// One run, taken again an iteration at a time. Bits do not depend on its neighbours or on how iterations are
/// parted into stages, so this is the path of the search itself.
void visit_path(const Setting& setting, Engine& engine, std::uint64_t start_id, std::size_t iterations,
                const std::function<void(const PathPoint&)>& visit) {
    engine.begin(0, 1, Course(*setting.options), OneStart(setting.starts, start_id));
    std::vector<double> x(setting.box->dimension());
    Look look;
    for (std::size_t k = 0; k < iterations; ++k) {
        engine.advance(k, 1);
        engine.look(look);
        // A run that breaks is frozen, and its path over.
        if (!look.goes_on(0)) return;
        engine.points(look.run, Where::current, x);
        setting.coordinates->to_variables(x);
        visit({.start_id = start_id, .iteration = k, .f = setting.sign * look.f[0], .x = x});
    }
}

}  // namespace

void visit_paths(const Objective& objective, const Box& box, const Options& options,
                 std::span<const std::uint64_t> start_ids, std::size_t iterations,
                 const std::function<void(const PathPoint&)>& visit) {
    validate(objective, box, options);
    if (options.rule.method == Method::lbfgs)
        throw std::invalid_argument("rule lbfgs: only the steps of the other rules can be followed");
    const std::size_t runs = count_starts(options);
    for (const std::uint64_t id : start_ids) {
        if (id >= runs)
            throw std::invalid_argument(fmt::format("start id {}: there are {} starts", id, runs));
    }
    const std::size_t bounded = std::min(iterations, options.iterations);
    Options alone = options;
    alone.stop = {};
    alone.max_time = {};
    alone.profile = {};
    Setting setting(objective, box, alone);
    Halt halt(alone);
    find_region(setting, halt);
    const std::unique_ptr<Engine> engine = make_local_engine(setting, halt);
    for (const std::uint64_t id : start_ids) visit_path(setting, *engine, id, bounded, visit);
}

}  // namespace lanewise
