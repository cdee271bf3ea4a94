#include "adam.hpp"

#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace lanewise::machine {

namespace {

using kernels::FrameRow;

class Turn {
  public:
    Turn(Listing& listing, Body& body, std::size_t dimension, bool newton_roots)
        : listing_(&listing), body_(&body), dimension_(dimension), newton_roots_(newton_roots) {}

    /// Evaluates the current frame. The previous one is moved meanwhile: moving waits for the divider,
    /// evaluating for the rest.
    void evaluate_and_move(std::size_t instructions) {
        body_->watch_faults(*listing_);
        body_->write(*listing_, 0, instructions);
        std::vector<Instruction> evaluating = std::exchange(listing_->instructions(), {});
        move();
        std::vector<Instruction> moving = std::exchange(listing_->instructions(), {});
        std::size_t moved = 0;
        for (std::size_t i = 0; i < evaluating.size(); ++i) {
            listing_->instructions().push_back(evaluating[i]);
            for (; moved * evaluating.size() < (i + 1) * moving.size(); ++moved)
                listing_->instructions().push_back(moving[moved]);
        }
    }

    /// Looks at the current frame.
    void look() {
        const ValueId zero = body_->constant(*listing_, Constant::zero);
        const ValueId fault = add(Op::fma, zero, body_->value(), body_->fault());
        listing_->leave_unless_all(add(Op::equal, fault, zero));
        const ValueId flip = listing_->at({Base::ranges, static_cast<std::uint32_t>(3 * dimension_)});
        const ValueId f = add(Op::bit_xor, body_->value(), flip);
        const ValueId moving = current(FrameRow::moving);
        const ValueId best_f = current(FrameRow::best_f);
        const ValueId improved = add(Op::bit_and, add(Op::less, f, best_f), moving);
        keep(add(Op::blend, improved, f, best_f), FrameRow::best_f);
        keep(add(Op::blend, improved, step_row(Base::step_now, kernels::StepRow::iteration),
                 current(FrameRow::best_step)),
             FrameRow::best_step);
    }

  private:
    void move() {
        alpha_ = step_row(Base::step, kernels::StepRow::alpha);
        eps_ = step_row(Base::step, kernels::StepRow::eps);
        beta1_ = step_row(Base::step, kernels::StepRow::beta1);
        beta2_ = step_row(Base::step, kernels::StepRow::beta2);
        const auto row = [&](FrameRow which) { return previous(kernels::frame_row(dimension_, which)); };
        moving_ = row(FrameRow::moving);
        const ValueId is_best =
            add(Op::equal, row(FrameRow::best_step), step_row(Base::step, kernels::StepRow::iteration));
        improved_ = add(Op::bit_and, is_best, moving_);
        for (std::size_t j = 0; j < dimension_; ++j) move(j);
    }

    void move(std::size_t j) {
        const ValueId g = previous(4 * dimension_ + j);
        const ValueId m = add(Op::fma, beta1_, previous(2 * dimension_ + j), g);
        const ValueId v = add(Op::fma, g, g, add(Op::mul, beta2_, previous(3 * dimension_ + j)));
        store_previous(v, 3 * dimension_ + j);
        const ValueId stride = add(Op::div, add(Op::mul, alpha_, m), add(Op::add, root(v), eps_));
        const ValueId x = previous(j);
        store_previous(add(Op::blend, improved_, x, previous(dimension_ + j)), dimension_ + j);
        const auto range = [&](std::size_t what) {
            return listing_->at({Base::ranges, static_cast<std::uint32_t>(3 * j + what)});
        };
        const ValueId target = add(Op::fnma, range(2), stride, x);
        const ValueId inside = add(Op::max, add(Op::min, target, range(1)), range(0));
        store_previous(add(Op::bit_and, add(Op::equal, inside, target), m), 2 * dimension_ + j);
        store_previous(add(Op::blend, moving_, inside, x), j);
    }

    /// As kernels/newton.hpp has it.
    ValueId root(ValueId a) {
        if (!newton_roots_) return add(Op::sqrt, a);
        const ValueId half = body_->constant(*listing_, Constant::half);
        const ValueId y = add(Op::estimate_inverse_root, a);
        ValueId g = add(Op::mul, a, y);
        ValueId h = add(Op::mul, half, y);
        constexpr int steps = 2;
        for (int i = 0; i < steps; ++i) {
            const ValueId r = add(Op::fnma, g, h, half);
            g = add(Op::fma, g, r, g);
            h = add(Op::fma, h, r, h);
        }
        return add(Op::root_if_out_of_range, add(Op::fma, add(Op::fnma, g, g, a), h, g), a);
    }

    ValueId add(Op op, ValueId a, ValueId b = no_value, ValueId c = no_value) {
        return listing_->add(op, a, b, c);
    }
    ValueId previous(std::size_t row) {
        return listing_->at({Base::previous, static_cast<std::uint32_t>(row)});
    }
    void store_previous(ValueId value, std::size_t row) {
        listing_->store(value, {Base::previous, static_cast<std::uint32_t>(row)});
    }
    Place place(FrameRow row) const {
        return {Base::current, static_cast<std::uint32_t>(kernels::frame_row(dimension_, row))};
    }
    ValueId current(FrameRow row) { return listing_->at(place(row)); }
    void keep(ValueId value, FrameRow row) { listing_->store(value, place(row)); }
    ValueId step_row(Base base, kernels::StepRow row) {
        return listing_->at({base, static_cast<std::uint32_t>(row)});
    }

    Listing* listing_;
    Body* body_;
    std::size_t dimension_;
    bool newton_roots_;
    ValueId alpha_ = no_value, eps_ = no_value, beta1_ = no_value, beta2_ = no_value;
    ValueId moving_ = no_value, improved_ = no_value;
};

}  // namespace

void write_turn(Listing& listing, Body& body, std::size_t instructions, std::size_t dimension,
                bool newton_roots) {
    Turn turn(listing, body, dimension, newton_roots);
    turn.evaluate_and_move(instructions);
    turn.look();
}

Body::Rows rows_of_turn(std::size_t dimension) {
    return {.x_base = Base::current,
            .gradient_base = Base::current,
            .gradient_first = static_cast<std::uint32_t>(4 * dimension),
            .value = {Base::current, static_cast<std::uint32_t>(kernels::frame_row(dimension, FrameRow::f))}};
}

}  // namespace lanewise::machine
