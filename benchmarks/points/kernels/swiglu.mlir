// silu of the first half of $columns columns, times the second half.
#row = affine_map<(i, j) -> (i, j)>
func.func @main(%x: tensor<$rowsx$columnsx$dtype>) -> tensor<$rowsx$halfx$dtype> {
  %one = arith.constant 1.0 : f32
  %a = tensor.extract_slice %x[0, 0] [$rows, $half] [1, 1] : tensor<$rowsx$columnsx$dtype> to tensor<$rowsx$halfx$dtype>
  %b = tensor.extract_slice %x[0, $half] [$rows, $half] [1, 1] : tensor<$rowsx$columnsx$dtype> to tensor<$rowsx$halfx$dtype>
  %empty = tensor.empty() : tensor<$rowsx$halfx$dtype>
  %out = linalg.generic {indexing_maps = [#row, #row, #row], iterator_types = ["parallel", "parallel"]} ins(%a, %b : tensor<$rowsx$halfx$dtype>, tensor<$rowsx$halfx$dtype>) outs(%empty : tensor<$rowsx$halfx$dtype>) {
  ^bb0(%in: $dtype, %gate: $dtype, %old: $dtype):
    %wide = arith.extf %in : $dtype to f32
    %other = arith.extf %gate : $dtype to f32
    %minus = arith.negf %wide : f32
    %exp = math.exp %minus : f32
    %sum = arith.addf %exp, %one : f32
    %sigmoid = arith.divf %wide, %sum : f32
    %product = arith.mulf %sigmoid, %other : f32
    %narrow = arith.truncf %product : f32 to $dtype
    linalg.yield %narrow : $dtype
  } -> tensor<$rowsx$halfx$dtype>
  return %out : tensor<$rowsx$halfx$dtype>
}
