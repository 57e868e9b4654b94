// Types, interface, and processes that only SystemVerilog has.
package shapes;
  typedef enum logic [1:0] {IDLE, LOAD, WORK, DONE} state_t;
  typedef struct packed {
    logic [7:0] high;
    logic signed [7:0] low;
  } pair_t;
  typedef union packed {
    pair_t pair;
    logic [15:0] word;
  } word_t;
  function automatic logic [15:0] swap(input word_t w);
    return {<<8{w.word}};
  endfunction
  localparam int unsigned LANES = 3;
endpackage

interface stream #(parameter int W = 16) (input logic clk);
  logic valid, ready;
  logic [W-1:0] data;
  modport source(output valid, data, input ready, import moves);
  modport sink(input valid, data, output ready, import moves);
  function automatic logic moves();
    return valid & ready;
  endfunction
endinterface

module stage import shapes::*; #(parameter type T = word_t) (
    input logic clk, rst, stream.sink from, stream.source to, output state_t state);
  T held;
  state_t next;
  always_comb begin
    next = state;
    unique case (state)
      IDLE: if (from.valid) next = LOAD;
      LOAD: next = WORK;
      WORK: if (held.word inside {[16'h0000:16'h3fff], 16'hffff}) next = DONE;
            else if (held.pair.low < 0) next = DONE;
            else next = LOAD;
      DONE: if (to.moves()) next = IDLE;
    endcase
  end
  always_ff @(posedge clk or posedge rst)
    if (rst) begin
      state <= IDLE;
      held <= '{default: '0};
    end else begin
      state <= next;
      if (state == IDLE && from.moves()) held.word <= from.data;
      if (state == LOAD) held.word <= swap(held) + 16'(signed'(held.pair.low));
    end
  assign from.ready = state == IDLE, to.valid = state == DONE, to.data = held.word;
endmodule

module top import shapes::*; (input logic clk, rst, give, take, hold,
    input logic [LANES-1:0][15:0] d,
    output logic [LANES-1:0][15:0] q, output logic [LANES-1:0] valid, ready,
    output logic [7:0] total, kept, output logic [1:0][3:0] places);
  state_t states [LANES];
  logic [7:0] counts [0:3] = '{1, 2, 3, 4};
  for (genvar n = 0; n < LANES; n++) begin : lanes
    stream from(clk), to(clk);
    stage part(.clk, .rst, .from, .to, .state(states[n]));
    assign from.valid = give, from.data = d[n], to.ready = take;
    assign q[n] = to.data, valid[n] = to.valid, ready[n] = from.ready;
  end
  always_comb begin
    total = '0;
    foreach (counts[i]) total += counts[i];
    places = '{default: 4'd0};
    for (int i = 0; i < LANES; i++) begin
      if (states[i] == IDLE) continue;
      places[i % 2] |= 4'(1) << i;
    end
  end
  always_ff @(posedge clk) counts[states[0]] <= counts[states[0]] + 8'd1;
  always_latch if (!hold) kept = total ^ d[0][7:0];
endmodule
