// SPDX-License-Identifier: MIT OR Apache-2.0
// A counter by threes with a comparison: something for a synthesis tool to work on.
module counter(input clk, input rst, input [7:0] limit, output reg [7:0] q, output full);
  assign full = q >= limit;
  always @(posedge clk)
    if (rst) q <= 0;
    else if (!full) q <= q + 8'd3;
endmodule
