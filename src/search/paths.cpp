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

/// The candidates of some starts.
class SomeStarts final : public Origins {
  public:
    SomeStarts(const Starts& starts, std::span<const std::uint64_t> ids) : starts_(&starts), ids_(ids) {}
    std::size_t candidates(std::size_t i) const override { return starts_->candidates(ids_[i]); }
    void candidate(std::size_t i, std::size_t which, std::span<double> x) const override {
        starts_->candidate(ids_[i], which, x);
    }

  private:
    const Starts* starts_;
    std::span<const std::uint64_t> ids_;
};

/// A search that is not run: options without what would end it, and an engine.
class Unrun {
  public:
    Unrun(const Objective& objective, const Box& box, const Options& options,
          std::span<const std::uint64_t> start_ids)
        : options_(checked(objective, box, options, start_ids)),
          setting_(objective, box, options_),
          halt_(options_) {
        find_region(setting_, halt_);
        engine_ = make_local_engine(setting_, halt_);
    }

    const Setting& setting() const { return setting_; }
    Engine& engine() { return *engine_; }

  private:
    static Options checked(const Objective& objective, const Box& box, Options options,
                           std::span<const std::uint64_t> start_ids) {
        validate(objective, box, options);
        const std::size_t runs = count_starts(options);
        for (const std::uint64_t id : start_ids) {
            if (id >= runs)
                throw std::invalid_argument(fmt::format("start id {}: there are {} starts", id, runs));
        }
        options.stop = {};
        options.max_time = {};
        options.profile = {};
        return options;
    }

    Options options_;
    Setting setting_;
    Halt halt_;
    std::unique_ptr<Engine> engine_;
};

/// One run, taken again an iteration at a time. Bits do not depend on its neighbours or on how iterations are
/// parted into stages, so this is the path of the search itself.
void visit_path(const Setting& setting, Engine& engine, std::uint64_t start_id, std::size_t iterations,
                const std::function<void(const PathPoint&)>& visit, PathsFrom from) {
    engine.begin(0, 1, Course(*setting.options), SomeStarts(setting.starts, {&start_id, 1}));
    std::vector<double> x(setting.box->dimension());
    Look look;
    const auto tell = [&](std::int64_t iteration, double f) {
        engine.points(look.run, Where::current, x);
        setting.coordinates->to_variables(x);
        visit({.start_id = start_id, .iteration = iteration, .f = f, .x = x});
    };
    if (from == PathsFrom::start) {
        engine.look(look);
        engine.points(look.run, Where::current, x);
        double f = 0;
        engine.evaluate(std::span(&x, 1),
                        [&](std::size_t, const Evaluation& at) { f = setting.sign * at.f; });
        tell(-1, f);
    }
    for (std::size_t k = 0; k < iterations; ++k) {
        engine.advance(k, 1);
        engine.look(look);
        // A run that breaks is frozen, and its path over.
        if (!look.goes_on(0)) return;
        tell(static_cast<std::int64_t>(k), setting.sign * look.f[0]);
    }
}

}  // namespace

std::vector<std::vector<double>> chosen_starts(const Objective& objective, const Box& box,
                                               const Options& options,
                                               std::span<const std::uint64_t> start_ids) {
    Unrun search(objective, box, options, start_ids);
    if (start_ids.empty()) return {};
    const Setting& setting = search.setting();
    search.engine().begin(0, start_ids.size(), Course(*setting.options),
                          SomeStarts(setting.starts, start_ids));
    Look look;
    search.engine().look(look);
    const std::size_t d = box.dimension();
    std::vector<double> x(start_ids.size() * d);
    search.engine().points(look.run, Where::current, x);
    std::vector<std::vector<double>> starts;
    for (std::size_t i = 0; i < start_ids.size(); ++i) {
        starts.emplace_back(x.begin() + static_cast<std::ptrdiff_t>(i * d),
                            x.begin() + static_cast<std::ptrdiff_t>((i + 1) * d));
        setting.coordinates->to_variables(starts.back());
    }
    return starts;
}

void visit_paths(const Objective& objective, const Box& box, const Options& options,
                 std::span<const std::uint64_t> start_ids, std::size_t iterations,
                 const std::function<void(const PathPoint&)>& visit, PathsFrom from) {
    if (options.rule.method == Method::lbfgs)
        throw std::invalid_argument("rule lbfgs: only the steps of the other rules can be followed");
    Unrun search(objective, box, options, start_ids);
    const std::size_t bounded = std::min(iterations, options.iterations);
    for (const std::uint64_t id : start_ids)
        visit_path(search.setting(), search.engine(), id, bounded, visit, from);
}

}  // namespace lanewise
