// A softmax of rows in linalg on tensors, written by hand:
//   xdsl-opt -p 'npu-outline,npu-decide' examples/softmax.mlir
#rows = affine_map<(i, j) -> (i)>
#full = affine_map<(i, j) -> (i, j)>
func.func @main(%x: tensor<256x64xf32>) -> tensor<256x64xf32> {
  %low = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %row = tensor.empty() : tensor<256xf32>
  %all = tensor.empty() : tensor<256x64xf32>
  %lows = linalg.fill ins(%low : f32) outs(%row : tensor<256xf32>) -> tensor<256xf32>
  %max = linalg.generic {indexing_maps = [#full, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<256x64xf32>) outs(%lows : tensor<256xf32>) {
  ^bb0(%in: f32, %acc: f32):
    %m = arith.maximumf %in, %acc : f32
    linalg.yield %m : f32
  } -> tensor<256xf32>
  %exp = linalg.generic {indexing_maps = [#full, #rows, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x, %max : tensor<256x64xf32>, tensor<256xf32>) outs(%all : tensor<256x64xf32>) {
  ^bb0(%in: f32, %m: f32, %out: f32):
    %d = arith.subf %in, %m : f32
    %e = math.exp %d : f32
    linalg.yield %e : f32
  } -> tensor<256x64xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%row : tensor<256xf32>) -> tensor<256xf32>
  %sum = linalg.generic {indexing_maps = [#full, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%exp : tensor<256x64xf32>) outs(%zeros : tensor<256xf32>) {
  ^bb0(%in: f32, %acc: f32):
    %s = arith.addf %in, %acc : f32
    linalg.yield %s : f32
  } -> tensor<256xf32>
  %y = linalg.generic {indexing_maps = [#full, #rows, #full], iterator_types = ["parallel", "parallel"]}
      ins(%exp, %sum : tensor<256x64xf32>, tensor<256xf32>) outs(%all : tensor<256x64xf32>) {
  ^bb0(%in: f32, %s: f32, %out: f32):
    %q = arith.divf %in, %s : f32
    linalg.yield %q : f32
  } -> tensor<256x64xf32>
  func.return %y : tensor<256x64xf32>
}
